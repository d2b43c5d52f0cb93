"""One run of known orders, judged by two Collectors at once: tail sampling as committed, and a wrong one.

services -> right -> its sink; right -> wrong -> its sink; wrong -> witness: all there was to decide about.
"""

import random
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.resilience.collector import Collector
from tests.support import DECLINED, new_order
from tools.faults import switch, switching
from tools.tracecheck import Trace

from .observed import LAYERS, OFTEN, all_decided, calls
from .trace_sink import TraceSink
from .traced_shop import Placed, TracedShop, Wanted, settled

OVERLAY = LAYERS / "tail-sampling.yaml"
EVERY_RED_SPAN = {"name": "errors", "type": "status_code", "status_code": {"status_codes": ["ERROR"]}}
REFUSED = (new_order("unicorn"), new_order(method=DECLINED), new_order("no-such-thing"))
FULL = {"ordinary": 860, "refusal": 60, "gold": 20, "seat": 10, "slow": 13, "technical": 37}
SHORT = {"ordinary": 40, "refusal": 12, "gold": 3, "seat": 3, "slow": 2, "technical": 5}


@dataclass(frozen=True)
class Judged:
    """What was placed, all there was to decide about, and what each of the two kept and counted."""

    placed: list[Placed]
    all: dict[str, Trace]
    kept: dict[str, dict[str, Trace]]
    calls: dict[str, int]


def judge(numbers: dict[str, int], *more: str) -> Judged:
    """Drive so many orders of each kind; `more` are layers for both Collectors."""
    with tempfile.TemporaryDirectory(prefix="spanshop-practice-") as name, ExitStack() as stack:
        directory, witness = Path(name), stack.enter_context(TraceSink())
        sinks = {way: stack.enter_context(TraceSink()) for way in ("right", "wrong")}
        wrong = _collector(directory / "wrong", sinks["wrong"], witness.endpoint, mistaken(), *more)
        right = _collector(directory / "right", sinks["right"], wrong.grpc, *more)
        collectors = {"right": right, "wrong": wrong}
        for collector in (wrong, right):
            stack.callback(collector.stop)
            collector.start()
        placed = _drive(directory, right.url, numbers)
        everything = (witness, *sinks.values())
        settled(
            lambda: ([all_decided(one) for one in collectors.values()], [len(sink) for sink in everything])
        )
        return Judged(
            placed,
            witness.traces(),
            {way: sink.traces() for way, sink in sinks.items()},
            {way: calls(one) for way, one in collectors.items()},
        )


def mistaken() -> str:
    """Two mistakes as a layer: every red span is an error, and span metrics count what is left."""
    policies = yaml.safe_load(OVERLAY.read_text())["processors"]["tail_sampling"]["policies"]
    assert policies[0]["name"] == "technical-errors"
    pipelines = {
        "traces": {"exporters": ["forward", "otlp_grpc/next"]},
        "traces/sampled": {"exporters": ["otlp_grpc", "span_metrics"]},
    }
    sampling = {"tail_sampling": {"policies": [EVERY_RED_SPAN, *policies[1:]]}}
    return "yaml:" + yaml.safe_dump({"processors": sampling, "service": {"pipelines": pipelines}})


def _collector(directory: Path, sink: TraceSink, following: str, *more: str) -> Collector:
    """A Collector that samples into the sink, and hands all it gets on to the next."""
    onwards = {
        "exporters": {"otlp_grpc/next": {"endpoint": following, "tls": {"insecure": True}}},
        "service": {"pipelines": {"traces": {"exporters": ["span_metrics", "forward", "otlp_grpc/next"]}}},
    }
    layers = (OVERLAY, "yaml:" + yaml.safe_dump(onwards), OFTEN)
    return Collector(directory, sink.endpoint, *layers, *more)


def _drive(directory: Path, otlp: str, numbers: dict[str, int]) -> list[Placed]:
    faults = directory / "faults.json"
    settings = {"OTEL_TRACES_SAMPLER": "parentbased_always_on", "FAULTS_FILE": str(faults)}
    mixed = [*_plain(numbers["ordinary"]), *_refusals(numbers["refusal"])]
    mixed += [Wanted("gold", new_order(customer_id="customer-1"))] * numbers["gold"]
    mixed += [Wanted("seat", headers={"baggage": "shop.seat=seat-7"})] * numbers["seat"]
    random.Random(1).shuffle(mixed)
    with TracedShop(directory, otlp, settings) as shop:
        placed = shop.place(mixed)
        with _fault(faults, "mongo-slow", "on"):
            placed += shop.place([Wanted("slow")] * numbers["slow"])
        with _fault(faults, "payment-fails", "always"):
            placed += shop.place([Wanted("technical")] * numbers["technical"])
    return placed


def _plain(count: int) -> list[Wanted]:
    return [Wanted()] * count


def _refusals(count: int) -> list[Wanted]:
    return [Wanted("refusal", REFUSED[n % len(REFUSED)]) for n in range(count)]


@contextmanager
def _fault(file: Path, flag: str, variant: str) -> Iterator[None]:
    """Switch it on for everybody: a seat would be kept for being a seat."""
    with switching(file) as flags:
        switch(flags[flag], variant)
    yield
    with switching(file) as flags:
        switch(flags[flag], "off")
