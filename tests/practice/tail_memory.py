"""The price of tail sampling: every trace waits in memory. A real order, recorded, sent under many ids."""

import os
import tempfile
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.resilience.collector import Collector
from tests.sink import Sink
from tests.support import Outside

from .experiment import Experiment, Result
from .observed import ALL, LAYERS
from .pages import table
from .series import total
from .traced_shop import TracedShop, Wanted

BATCH = 20  # traces in a request
LONG = "yaml:processors::tail_sampling::decision_wait: 60s"


class Recorder(Sink):
    """Keeps what is sent, as it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = ExportTraceServiceRequest()

    def take_spans(self, body: bytes) -> None:
        self.sent.MergeFromString(body)


def run(full: bool) -> Result:
    """Fill a Collector with traces that all wait, and look at its memory."""
    counts = (500, 1000, 1500, 2000) if full else (300, 600)  # `num_traces` is 2000
    with tempfile.TemporaryDirectory(prefix="spanshop-practice-") as name, Recorder() as recorder:
        with TracedShop(Path(name), recorder.url, ALL) as shop:
            shop.place([Wanted()])
        collector = Collector(Path(name) / "collector", "127.0.0.1:9", LAYERS / "tail-sampling.yaml", LONG)
        collector.start()
        try:
            return {
                "spans in a trace": len(list(_spans(recorder.sent))),
                "idle": _megabytes(collector),
                "waiting": {str(count): _fill(collector, recorder.sent, count) for count in counts},
            }
        finally:
            collector.stop()


def _fill(collector: Collector, order: ExportTraceServiceRequest, count: int) -> int:
    """Send traces until so many wait; return the megabytes it then has."""
    waiting = int(total(collector.own, "otelcol_processor_tail_sampling_new_trace_id_received"))
    with Outside(base_url=collector.url, timeout=10) as http:
        for _ in range(waiting, count, BATCH):
            body = b"".join(_renamed(order) for _ in range(BATCH))
            answer = http.post("/v1/traces", content=body, headers={"content-type": "application/x-protobuf"})
            assert answer.status_code == 200, answer.text
    return _megabytes(collector)


def _renamed(order: ExportTraceServiceRequest) -> bytes:
    """Return the order's spans under a trace id of their own; such messages can be put one after another."""
    copy, trace_id = ExportTraceServiceRequest(), os.urandom(16)
    copy.CopyFrom(order)
    for span in _spans(copy):
        span.trace_id = trace_id
    return copy.SerializeToString()


def _spans(request: ExportTraceServiceRequest) -> list:
    scopes = [scope for part in request.resource_spans for scope in part.scope_spans]
    return [span for scope in scopes for span in scope.spans]


def _megabytes(collector: Collector) -> int:
    return round(total(collector.own, "otelcol_process_memory_rss") / 1e6)


def check(result: Result) -> None:
    sizes = [result["idle"], *result["waiting"].values()]
    assert sizes == sorted(sizes), "the more wait, the more memory"
    count, most = list(result["waiting"].items())[-1]
    assert 5 < 1000 * (most - result["idle"]) / int(count) < 60, "kilobytes for each that waits"


def text(result: Result) -> str:
    count, most = list(result["waiting"].items())[-1]
    each = 1000 * (most - result["idle"]) / int(count)
    head = ("traces that wait", "0", *result["waiting"])
    row = ("memory of the Collector, MB", result["idle"], *result["waiting"].values())
    return (
        f"{table(head, row)}\n\nThat is {each:.0f} KB for each order of {result['spans in a trace']} spans."
    )


EXPERIMENT = Experiment("tail-memory", "tail-sampling", run, check, text, fast=False)
