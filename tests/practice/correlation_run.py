"""From a rising error rate to one trace and its log lines, each step by what the one before it gave."""

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from tests.sink import LogLine, Sink
from tests.support import eventually
from tools.faults import switch, switching
from tools.tracecheck import Span, Trace

from .busy_shop import SETTINGS
from .jaeger_process import JaegerProcess
from .metrics_rig import OFTEN
from .traced_shop import TracedShop, Wanted, settled
from .watched import Watched
from .waterfall import bars

FAILING = Wanted("failing", headers={"baggage": "shop.seat=seat-7"})
TRIES = 3  # of one charge, each answered with 500
UNSAMPLED = "00-{:032x}-00f067aa0ba902b7-00"
OPEN_METRICS = {"accept": "application/openmetrics-text; version=1.0.0"}
ERRORS = re.compile(
    r'http_server_request_duration_seconds_bucket{(?=[^}]*http_response_status_code="500")'
    r'(?=[^}]*job="spanshop/payment")[^}]*} \d+ # {[^}]*trace_id="([0-9a-f]{32})"[^\n]*'
)
EXEMPLAR = re.compile(r'(?m)^(\w+?)_(?:bucket|total){.*# {.*?trace_id="([0-9a-f]{32})"')


@dataclass(frozen=True)
class Rig:
    """The shop, its Collector, Jaeger, and a receiver in the place of Loki."""

    shop: TracedShop
    collector: Watched
    jaeger: JaegerProcess
    loki: Sink

    def page(self) -> str:
        return httpx.get(self.collector.exported, headers=OPEN_METRICS, timeout=10, trust_env=False).text

    def lines(self, trace_id: str) -> list[LogLine]:
        return [line for line in self.loki.logs if line.trace_id == trace_id]


@contextmanager
def rig(**settings: str) -> Iterator[Rig]:
    """Orders of seat-7 fail in payment; all logs go by OTLP."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spanshop-practice-")))
        with switching(directory / "faults.json") as flags:
            switch(flags["payment-fails"], "always", "seat-7")
        jaeger = stack.enter_context(JaegerProcess(directory, "memory"))
        loki = stack.enter_context(Sink())
        host, port = loki.url.removeprefix("http://").split(":")
        collector = Watched(directory / "collector", jaeger.otlp, OFTEN, LOKI_HOST=host, LOKI_PORT=port)
        stack.callback(collector.stop)
        collector.start()
        logs = {"OTEL_LOGS_EXPORTER": "otlp", "OTEL_BLRP_SCHEDULE_DELAY": "200"}
        # No circuit opens: only the orders of seat-7 are to fail.
        faults = {"FAULTS_FILE": str(directory / "faults.json"), "BREAKER_FAILURES": "1000"}
        ours = SETTINGS | logs | faults | settings
        yield Rig(stack.enter_context(TracedShop(directory, collector.url, ours)), collector, jaeger, loki)


@cache
def followed(full: bool) -> dict[str, Any]:
    """Everything sampled; one order in ten fails."""
    with rig() as it:
        placed = it.shop.place(([Wanted()] * 9 + [FAILING]) * (30 if full else 4))
        failing = [one.trace_id for one in placed if one.kind == "failing"]
        rate = eventually(lambda: _error_rate(it, len(placed), len(failing)), seconds=20)
        exemplar, trace_id = eventually(lambda: _exemplar(it, failing), seconds=20)
        assert trace_id in failing
        trace = it.jaeger.api.eventually(trace_id, Trace.connected)
        lines = eventually(lambda: _some(it.lines(trace_id)), seconds=10)
        eventually(lambda: _all_said(it, failing), seconds=10)
        return {
            "placed": len(placed),
            "failing": sum(one.kind == "failing" for one in placed),
            "rate": rate,
            "exemplar": exemplar,
            "trace_id": trace_id,
            "tree": trace.tree(),
            "bars": bars(trace, lambda span: _said(span, lines)),
            "lines": [_shown(line) for line in lines],
            "lines_in_trace": all(line.span_id in {span.span_id for span in trace.spans} for line in lines),
            "alike": sum("stays pending" in line.body for line in it.loki.logs),
            "exemplars": _exemplars(it),
        }


def _error_rate(it: Rig, placed: int, failing: int) -> dict[str, int]:
    """Requests to payment, and how many of them ended with 500, once all are counted."""
    asked = {"job": "spanshop/payment", "http_route": "/payments"}
    name = "http_server_request_duration_seconds_count"
    found = {
        "requests": it.collector.sum(name, **asked),
        "errors": it.collector.sum(name, http_response_status_code="500", **asked),
    }
    assert found["errors"] == TRIES * failing
    # A slow answer may have been asked for twice.
    assert found["requests"] >= placed + (TRIES - 1) * failing
    return found


def _exemplar(it: Rig, failing: list[str]) -> tuple[str, str]:
    """One of payment's errors. Each export brings new ones, and none if nothing happened."""
    failing += [one.trace_id for one in it.shop.place([FAILING])]
    found = ERRORS.search(it.page())
    assert found, "no exemplar on payment's errors"
    return found[0], found[1]


def _exemplars(it: Rig) -> dict[str, Any]:
    """Every exemplar on the page, and those whose trace Jaeger does not have once all has arrived."""
    found = eventually(lambda: _of_both_kinds(it), seconds=20)

    def missing() -> list[str]:
        return sorted({trace_id for _, trace_id in found if not it.jaeger.api.trace(trace_id).spans})

    settled(missing)
    spans = sum(map(_of_spans, found))
    return {"of_services": len(found) - spans, "of_spans": spans, "missing": missing()}


def _of_both_kinds(it: Rig) -> list[tuple[str, str]]:
    it.shop.place([Wanted()])
    found = EXEMPLAR.findall(it.page())
    assert {_of_spans(each) for each in found} == {True, False}
    return found


def _of_spans(exemplar: tuple[str, str]) -> bool:
    return exemplar[0].startswith("traces_span_metrics")


def _said(span: Span, lines: list[LogLine]) -> str:
    """The first log line of a span."""
    return next((f"{line.level} {line.body[:40]}…" for line in lines if line.span_id == span.span_id), "")


def _some(lines: list[LogLine]) -> list[LogLine]:
    assert lines
    return lines


def _all_said(it: Rig, failing: list[str]) -> None:
    assert set(failing) <= {line.trace_id for line in it.loki.logs}


def _shown(line: LogLine) -> str:
    kept = ("level", "service", "logger", "body", "trace_id", "span_id")
    return json.dumps({key: value for key, value in asdict(line).items() if key in kept})


@cache
def sampled(full: bool) -> dict[str, Any]:
    """A tenth sampled at the head; some failing orders that nobody may sample."""
    ratio = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1"}
    with rig(**ratio) as it:
        ordinary = it.shop.place([Wanted()] * (300 if full else 60))
        parents = [{"traceparent": UNSAMPLED.format(number + 1)} for number in range(3)]
        unseen = it.shop.place(Wanted("unseen", headers=FAILING.headers | parent) for parent in parents)
        placed = ordinary + unseen
        kept = sum(one.sampled for one in placed)
        eventually(lambda: _counted(it, len(placed), kept), seconds=20)
        eventually(lambda: _all_said(it, [one.trace_id for one in unseen]), seconds=10)
        return {
            "placed": len(placed),
            "sampled": kept,
            "own": _orders(it),
            "of_spans": it.collector.calls(span_name="POST /orders"),
            "unseen": len(unseen),
            "unseen_spans": sum(len(it.jaeger.api.trace(one.trace_id).spans) for one in unseen),
            "unseen_lines": sum(bool(it.lines(one.trace_id)) for one in unseen),
        }


def _orders(it: Rig) -> int:
    return it.collector.sum("shop_orders_total")


def _counted(it: Rig, placed: int, kept: int) -> None:
    assert _orders(it) == placed
    assert it.collector.calls(span_name="POST /orders") == kept
