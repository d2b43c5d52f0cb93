"""Follows one order of the doctor's own through services, Collector and Jaeger."""

import re
import time
from collections.abc import Iterator
from typing import Any

import httpx

from ..jaeger import Jaeger
from ..shop import Placed, place
from ..tracecheck import CannotCheck, NotYet, Span, Trace
from .blame import Case, blame, no_sampling, not_passed_on
from .bounded import within
from .faults import Finding, ill
from .system import SERVICES, System

PATIENCE = 8.0  # seconds for the trace to be whole; on an idle machine it takes one
SOON = 2.5  # by then what is missing will hardly come; a reason seen in the settings is believed
ANSWERS = (201, 202, 402, 409, 422)  # what an order may come to; 404 would not be order
OLD_NAMES = ("http.method", "http.url", "http.status_code", "db.system", "db.name", "db.statement")
LOGS_EXPORTER = "otlp_http/loki"  # it counts as the exporter of spans does


def follow(system: System, services: dict[str, dict[str, Any]]) -> Iterator[Finding]:
    """Place an order and yield what became of it. `services`: how each exports, from /readyz."""
    before, sampler = _counters(system) or {}, services["order"]["sampler"]
    try:
        placed: Placed | None = within(
            6, lambda: _place(system.where.order, 1 if no_sampling(sampler) else 5)
        )
    except CannotCheck as problem:
        yield ill("order-fails", "order", problem=problem)
        return
    if placed is None or placed.status_code not in ANSWERS:
        says = f"answered {placed.status_code} {placed.title}" if placed else "no answer in 6 s"
        yield ill("order-fails", "order", problem=says)
        return
    yield Finding("an order", f"answered {placed.status_code}, its trace is {placed.trace_id}")
    if not placed.sampled:
        kept = Finding("sampling", f"left five orders out, which {sampler} may do: no trace to look at")
        yield ill("sampler-zero", "order", sampler=sampler) if no_sampling(sampler) else kept
        return
    yield from _trace(system, services, placed, before)


def _place(url: str, tries: int) -> Placed:
    """Place an order; again if sampling left it out."""
    placed = place(url, "lamp", 1, "pm_card_ok")
    return placed if placed.sampled or tries == 1 else _place(url, tries - 1)


def _trace(
    system: System, services: dict[str, dict[str, Any]], placed: Placed, before: dict[str, float]
) -> Iterator[Finding]:
    # Refused goods are not paid for.
    expected = SERVICES[:2] if placed.status_code in (409, 422) else SERVICES
    began, jaeger = time.monotonic(), Jaeger(system.where.jaeger)
    while True:
        try:
            trace = jaeger.trace(placed.trace_id)
        except CannotCheck:  # it answered before
            yield ill("program-hangs", "jaeger", url=jaeger.link(placed.trace_id))
            return
        if _whole(trace, expected):
            yield from _details(trace, services)
            return
        waited = time.monotonic() - began
        if waited > SOON:
            case = Case(system, services, trace, expected, before, _counters(system))
            if found := blame(case, surely=waited <= PATIENCE):
                yield from found
                return
        time.sleep(0.1)


def _whole(trace: Trace, expected: tuple[str, ...]) -> bool:
    try:
        trace.connected().services(*expected)
    except NotYet:
        return False
    return True


def _details(trace: Trace, services: dict[str, dict[str, Any]]) -> Iterator[Finding]:
    """A trace that is whole can still be poorer than it should be."""
    found = [
        ill("propagator-missing", name, missing="baggage")
        for name, settings in services.items()
        if not_passed_on(settings, "baggage")
    ]
    for name in SERVICES:
        if old := sorted({key for span in trace.spans if span.service == name for key in _old(span)}):
            found.append(ill("semconv-old", name, names=", ".join(old)))
    whole = (
        f"is whole in Jaeger: {len(trace.spans)} spans of {len({s.service for s in trace.spans})} services"
    )
    yield from [Finding("the trace", whole), *found]


def _old(span: Span) -> list[str]:
    return [name for name in OLD_NAMES if name in span.attributes]


def _counters(system: System) -> dict[str, float] | None:
    """The Collector's own numbers of spans, summed over their labels; None when it does not say."""
    try:
        url = f"{system.where.collector_metrics}/metrics"
        text = httpx.get(url, timeout=3, trust_env=False).raise_for_status().text
    except httpx.HTTPError:
        return None
    found: dict[str, float] = {}
    line = r"^(otelcol_\w+?)(?:_total|__\w+?_total)?(?:{(.*)})? (\S+)$"
    for name, labels, value in re.findall(line, text, re.M):
        if LOGS_EXPORTER not in labels:
            found[name] = found.get(name, 0) + float(value)
    return found
