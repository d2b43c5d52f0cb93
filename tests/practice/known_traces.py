"""Traces made by hand: three services, each sending its part of a trace in requests of its own."""

import os
import random
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support import Outside
from tools.tracecheck import Trace

SERVER, CLIENT, ERROR = 2, 3, 2
MILLISECONDS = 1_000_000
ORDER, INVENTORY, PAYMENT = "order", "inventory", "payment"
PARTS = (ORDER, INVENTORY, PAYMENT)
SPANS = 5
"""In each of these traces."""


@dataclass(frozen=True)
class Known:
    """A trace with this answer of payment: 201 confirmed, 402 declined, 500 a technical failure."""

    answer: int = 201
    id: bytes = field(default_factory=lambda: os.urandom(16))

    def fate(self, stored: dict[str, Trace]) -> str:
        """`kept` whole, `torn` or `dropped`."""
        if self.id.hex() not in stored:
            return "dropped"
        return "kept" if len({span.span_id for span in stored[self.id.hex()].spans}) == SPANS else "torn"


def known(count: int, failures: int, refusals: int = 0) -> list[Known]:
    """Return so many traces, among them failures and refusals, in a random order."""
    answers = [500] * failures + [402] * refusals + [201] * (count - failures - refusals)
    random.Random(1).shuffle(answers)
    return [Known(answer) for answer in answers]


def fates(traces: Iterable[Known], stored: dict[str, Trace]) -> dict[str, int]:
    return dict(Counter(trace.fate(stored) for trace in traces))


def send(http: Outside, part: str, traces: Iterable[Known]) -> None:
    """Send one service's part of these traces. Raises AssertionError where it is not accepted."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = part
    scope = resource.scope_spans.add()
    for trace in traces:
        _PARTS[part](scope, trace)
    headers = {"content-type": "application/x-protobuf"}
    answer = http.post("/v1/traces", content=request.SerializeToString(), headers=headers)
    assert answer.status_code == 200, answer.text


def _order(scope: Any, trace: Known) -> None:
    _span(scope, trace, 1, 0, "POST /orders", SERVER, 202 if trace.answer == 500 else trace.answer, red=False)
    _span(scope, trace, 2, 1, "PUT", CLIENT, 201)
    _span(scope, trace, 3, 1, "POST", CLIENT, trace.answer, red=trace.answer >= 400)


def _inventory(scope: Any, trace: Known) -> None:
    _span(scope, trace, 4, 2, "PUT /reservations/{order_id}", SERVER, 201)


def _payment(scope: Any, trace: Known) -> None:
    _span(scope, trace, 5, 3, "POST /payments", SERVER, trace.answer, red=trace.answer >= 500)


_PARTS = {ORDER: _order, INVENTORY: _inventory, PAYMENT: _payment}


def _span(
    scope: Any,
    trace: Known,
    number: int,
    parent: int,
    name: str,
    kind: int,
    status: int,
    *,
    red: bool = False,
) -> None:
    """Add a span; its id is the trace's first bytes and its number in it."""
    own, now = trace.id[:7], time.time_ns()
    span = scope.spans.add(trace_id=trace.id, span_id=own + bytes([number]), name=name, kind=kind)
    span.parent_span_id = own + bytes([parent]) if parent else b""
    span.start_time_unix_nano, span.end_time_unix_nano = now - 20 * MILLISECONDS, now
    span.attributes.add(key="http.response.status_code").value.int_value = status
    if red:
        span.status.code = ERROR
