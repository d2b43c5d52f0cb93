"""`make doctor`: why do no traces arrive? Asks every hop, follows one order, and names the fix."""

import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx

from .draw import console
from .jaeger import Jaeger
from .shop import Placed, place
from .tracecheck import CannotCheck, NotYet, Trace
from .urls import Urls, urls

SERVICES = ("order", "inventory", "payment")
ACCEPTED, REFUSED = "otelcol_receiver_accepted_spans", "otelcol_receiver_refused_spans"
SENT, FAILED = "otelcol_exporter_sent_spans", "otelcol_exporter_send_failed_spans"


@dataclass(frozen=True)
class Finding:
    """What one hop said; `fix` is empty when all is well."""

    hop: str
    says: str
    fix: str = ""


def diagnose(where: Urls) -> Iterator[Finding]:
    """Yield what each hop says, in the order a span travels; end at the first that loses it."""
    hops = [_service(name, getattr(where, name)) for name in SERVICES]
    hops += [_collector(where), _jaeger(where)]
    yield from hops
    if hops[0].fix and "does not answer" in hops[0].says:
        return
    before = _counters(where)
    try:
        placed = place(where.order, "lamp", 1, "pm_card_ok")
    except CannotCheck as problem:
        yield Finding("an order", str(problem), "unset OTEL_SDK_DISABLED, then restart order")
        return
    yield from _follow(where, placed, before)


def _service(name: str, url: str) -> Finding:
    try:
        answer = httpx.get(f"{url}/readyz", timeout=5)
        state = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        says = f"does not answer at {url} ({type(error).__name__})"
        return Finding(name, says, f"`make up`; then `make logs NAME={name}`")
    if state["mongodb"] != "ok":
        return Finding(name, state["mongodb"], "`make status`; is MongoDB up, is MONGODB_URL right?")
    if state["telemetry"] != "ok":
        return Finding(name, state["telemetry"], f"check OTEL_*; the reason is in `make logs NAME={name}`")
    return Finding(name, "ready: MongoDB answers, telemetry is set up")


def _collector(where: Urls) -> Finding:
    return _answers(
        "otel-collector", where.collector_health, "`make up`; then `make logs NAME=otel-collector`"
    )


def _jaeger(where: Urls) -> Finding:
    return _answers("jaeger", f"{where.jaeger}/api/v3/services", "`make up`; then `make logs NAME=jaeger`")


def _answers(hop: str, url: str, fix: str) -> Finding:
    try:
        httpx.get(url, timeout=5).raise_for_status()
    except httpx.HTTPError as error:
        return Finding(hop, f"does not answer at {url} ({type(error).__name__})", fix)
    return Finding(hop, "answers")


def _counters(where: Urls) -> dict[str, float]:
    """The Collector's own counters of spans, summed over their labels; empty when it does not say."""
    try:
        text = httpx.get(f"{where.collector_metrics}/metrics", timeout=5).text
    except httpx.HTTPError:
        return {}
    found: dict[str, float] = {}
    for name, value in re.findall(
        r"^(otelcol_\w+?_spans)(?:_total|__spans__total)?(?:{.*})? (\S+)$", text, re.M
    ):
        found[name] = found.get(name, 0) + float(value)
    return found


def _follow(where: Urls, placed: Placed, before: dict[str, float]) -> Iterator[Finding]:
    yield Finding("an order", f"answered {placed.status_code}, its trace is {placed.trace_id}")
    if not placed.sampled:
        fix = "OTEL_TRACES_SAMPLER / OTEL_TRACES_SAMPLER_ARG of order leave it out; 1.0 keeps all"
        yield Finding("sampling", "the order was not sampled, so no span was made to be sent", fix)
        return
    try:
        trace = Jaeger(where.jaeger).eventually(placed.trace_id, Trace.connected, seconds=10)
        trace.services(*SERVICES)
    except (NotYet, CannotCheck) as problem:
        yield _lost(where, placed, before, str(problem).splitlines()[0])
    else:
        yield Finding("the trace", f"is whole in Jaeger: {len(trace.spans)} spans of three services")


def _lost(where: Urls, placed: Placed, before: dict[str, float], what: str) -> Finding:
    """Tell by the Collector's counters which hop lost the spans."""
    after = _wait(lambda: _counters(where), lambda now: _grew(before, now, SENT))
    found = _spans_of(where, placed)
    if found:
        fix = "propagation: is OTEL_PROPAGATORS=tracecontext,baggage in every service, does each one export?"
        return Finding("the trace", f"is not whole: {what}", fix)
    if not after:
        return Finding("otel-collector", "its own metrics can't be read", "is COLLECTOR_METRICS_PORT right?")
    if _grew(before, after, REFUSED):
        return Finding(
            "otel-collector", "refuses spans", "it is out of memory: see memory_limiter in base.yaml"
        )
    if not _grew(before, after, ACCEPTED):
        fix = "services send elsewhere: check OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_PROTOCOL"
        return Finding("services → Collector", "the order's spans never reached the Collector", fix)
    if not _grew(before, after, SENT):
        fix = "`make status`; JAEGER_OTLP_ENDPOINT; the spans wait in the Collector's queue on disk"
        return Finding("Collector → Jaeger", "the Collector has the spans and can't hand them on", fix)
    return Finding(
        "jaeger", "got the spans and does not show them", "`make logs NAME=jaeger`: is its disk full?"
    )


def _spans_of(where: Urls, placed: Placed) -> int:
    try:
        return len(Jaeger(where.jaeger).trace(placed.trace_id).spans)
    except CannotCheck:
        return 0


def _grew(before: dict[str, float], after: dict[str, float], name: str) -> bool:
    return after.get(name, 0) > before.get(name, 0)


def _wait(look: Callable[[], dict[str, float]], done: Callable[[dict[str, float]], bool]) -> dict[str, float]:
    """Return what `look` returns once it is `done`, or after two seconds."""
    deadline = time.monotonic() + 2
    while not done(found := look()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def main() -> int:
    ill = 0
    for finding in diagnose(urls()):
        ill += bool(finding.fix)
        mark = "[red]✗[/]" if finding.fix else "[green]✓[/]"
        console.print(f"{mark} [bold]{finding.hop}[/] {finding.says}", soft_wrap=True)
        if finding.fix:
            console.print(f"    → {finding.fix}", soft_wrap=True)
    console.print("Traces arrive." if not ill else f"{ill} thing(s) to fix, the first one first.")
    return 1 if ill else 0


if __name__ == "__main__":
    sys.exit(main())
