"""What traces take on disk, when they are gone, and what is left to ask then."""

import tempfile
import time
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

from tests.support import DECLINED, eventually, free_ports, new_order
from tools.jaeger_internal import archive
from tools.tracecheck import Trace

from .busy_shop import SETTINGS
from .copies import Recorder, Requests, send
from .jaeger_process import JaegerProcess
from .metrics_rig import OFTEN
from .traced_shop import Placed, TracedShop, Wanted, settled
from .watched import Watched

TTL = 8  # seconds
ORDINARY, INCIDENT = Wanted("confirmed"), Wanted("declined", new_order(method=DECLINED))
MIX = [ORDINARY] * 18 + [Wanted("out of stock", new_order("unicorn")), INCIDENT]
TIMES = 9
STEADY_TTL, STEADY_SECONDS = 5, 45
# The spans go to Jaeger as ever, and to a recorder.
BOTH = "yaml:service::pipelines::traces::exporters: [span_metrics, otlp_grpc, otlp_grpc/recorder]"
RECORDER = "yaml:exporters::otlp_grpc/recorder: {{endpoint: '{}', tls: {{insecure: true}}}}"


@cache
def lived(full: bool) -> tuple[Requests, dict[str, Any]]:
    """Orders in a Jaeger that soon forgets: return their spans as the Collector sent them, what was seen."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spanshop-practice-")))
        recorder = Recorder(free_ports(1)[0])
        stack.callback(recorder.down)
        recorder.up()
        jaeger = stack.enter_context(JaegerProcess(directory, "badger", JAEGER_TRACE_TTL=f"{TTL}s"))
        layers = (OFTEN, RECORDER.format(recorder.endpoint), BOTH)
        collector = Watched(directory / "collector", jaeger.otlp, *layers)
        stack.callback(collector.stop)
        collector.start()
        shop = stack.enter_context(TracedShop(directory, collector.url, SETTINGS))
        placed = shop.place(MIX * (50 if full else 3))
        settled(lambda: recorder.spans)
        requests, spans = list(recorder.requests), recorder.spans
        expiry = _expire(shop, jaeger)
        after = _ask_metrics(collector, len(placed) + 2)
        return requests, {"orders": len(placed), "spans": spans, "expiry": expiry, "after": after}


def _expire(shop: TracedShop, jaeger: JaegerProcess) -> dict[str, Any]:
    """Two orders; the incident's trace is archived. Wait until the other one's is gone."""
    began = time.monotonic()
    ordinary, incident = shop.place([ORDINARY, INCIDENT])
    spans = {one.kind: len(_whole(jaeger, one).spans) for one in (ordinary, incident)}
    assert archive(jaeger.url, incident.trace_id)
    eventually(lambda: _gone(jaeger, ordinary), seconds=TTL + 12, pause=0.2)
    return {
        "ttl": TTL,
        "gone_after": round(time.monotonic() - began, 1),
        "spans": spans,
        "spans_left": {one.kind: len(jaeger.api.trace(one.trace_id).spans) for one in (ordinary, incident)},
    }


def _whole(jaeger: JaegerProcess, placed: Placed) -> Trace:
    return jaeger.api.eventually(placed.trace_id, Trace.connected, seconds=TTL, settle=0.5)


def _gone(jaeger: JaegerProcess, placed: Placed) -> None:
    assert not jaeger.api.trace(placed.trace_id).spans


def _ask_metrics(collector: Watched, placed: int) -> dict[str, Any]:
    """Return what the services' own metrics answer when no trace is left to count."""

    def counted() -> dict[str, int]:
        found = {
            status: collector.sum("shop_orders_total", shop_order_status=status)
            for status in ("confirmed", "rejected")
        }
        assert sum(found.values()) == placed
        return found

    answered = eventually(counted, seconds=20)
    undone = collector.sum("shop_compensations_total", shop_order_reason="payment-declined")
    return {"placed": placed, **answered, "declined": undone, "within": _bound(collector, 0.95)}


def _bound(collector: Watched, share: float) -> float:
    """Return the seconds within which that share of orders was answered: the bound of a bucket."""
    route = {"http_route": "/orders", "http_request_method": "POST"}
    name = "http_server_request_duration_seconds"
    wanted = share * collector.sum(f"{name}_count", **route)
    bounds = sorted(float(le) for le in collector.labels(f"{name}_bucket", "le", **route))
    return next(le for le in bounds if collector.sum(f"{name}_bucket", le=_written(le), **route) >= wanted)


def _written(bound: float) -> str:
    return "+Inf" if bound == float("inf") else str(bound)


@cache
def size(full: bool) -> dict[str, Any]:
    """Write the recorded orders to a new Badger, first once, then many times more; stop it, and look."""
    requests, seen = lived(full)
    stages = []
    with tempfile.TemporaryDirectory(prefix="spanshop-practice-") as directory:
        jaeger = JaegerProcess(Path(directory), "badger")
        for times in (1, TIMES):
            with jaeger:
                send(requests, jaeger.otlp, times)
            written = {"orders": times * seen["orders"], "spans": times * seen["spans"]}
            stages.append(written | {"bytes": jaeger.bytes_on_disk() - sum(each["bytes"] for each in stages)})
    return {"stages": stages}


def steady(_: bool) -> dict[str, Any]:
    """Write without end while old traces expire; return what is on disk, again and again."""
    requests, seen = lived(True)
    (_first, last) = size(True)["stages"]
    began, points, sent = time.monotonic(), [], 0
    with (
        tempfile.TemporaryDirectory(prefix="spanshop-practice-") as directory,
        JaegerProcess(Path(directory), "badger", JAEGER_TRACE_TTL=f"{STEADY_TTL}s") as jaeger,
    ):
        while (now := time.monotonic() - began) < STEADY_SECONDS:
            points.append([round(now, 1), sent, jaeger.bytes_on_disk()])
            send(requests, jaeger.otlp, 1)
            sent += seen["orders"]
    return {"ttl": STEADY_TTL, "bytes_per_order": last["bytes"] / last["orders"], "points": points}
