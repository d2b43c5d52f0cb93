"""What a fault leaves in a trace: gaps, slow commands, failed tries, and the flag on the span."""

from collections.abc import Callable
from typing import Any

from tools.tracecheck import Span, Trace

RESERVE, CHARGE = "PUT /reservations/{order_id}", "POST /payments"
ON_MONGODB = ("insert", "update", "find", "findAndModify")
Check = Callable[[Trace], None]


def named(trace: Trace, name: str) -> list[Span]:
    return [span for span in trace.spans if span.name == name]


def mongodb(trace: Trace) -> list[Span]:
    return [span for span in trace.spans if span.name.partition(".")[2] in ON_MONGODB]


def gaps(trace: Trace, name: str) -> list[float]:
    """Milliseconds from the start of each span of that name to its first child's."""
    return [
        (min(child.start for child in trace.children(span)) - span.start) / 1e6 for span in named(trace, name)
    ]


def acts(trace: Trace) -> dict[str, set[tuple[Any, ...]]]:
    """What each span's name says of the faults that acted on it."""
    found: dict[str, set[tuple[Any, ...]]] = {}
    for span in trace.spans:
        if "feature_flag.key" in span.attributes:
            says = ("feature_flag.key", "feature_flag.result.variant", "feature_flag.provider.name")
            found.setdefault(span.name, set()).add(tuple(span.attributes.get(key) for key in says))
    return found


def struck_once(trace: Trace) -> bool:
    return sum("feature_flag.key" in span.attributes for span in trace.spans) == 1


def failed_tries(trace: Trace, name: str) -> list[Any]:
    return [span.attributes.get("error.type") for span in named(trace, name) if span.error]


def waits_before(server: str, other: str, milliseconds: float) -> Check:
    def check(trace: Trace) -> None:
        assert min(gaps(trace, server)) >= milliseconds
        assert max(gaps(trace, other), default=0) < milliseconds

    return check


def three_tries_in_vain(client: str, why: str) -> Check:
    def check(trace: Trace) -> None:
        assert failed_tries(trace, client) == [why] * 3

    return check


def both(*checks: Check) -> Check:
    def check(trace: Trace) -> None:
        for each in checks:
            each(trace)

    return check


def second_try_works(trace: Trace) -> None:
    first, second = named(trace, "POST")
    assert (first.attributes["error.type"], first.error, second.error) == ("500", True, False)
    assert second.attributes["http.request.resend_count"] == 1


def answers_were_lost(trace: Trace) -> None:
    """Every lost answer: its caller gave up, its server span outlives the call, and the work was done."""
    clients = {span.span_id: span for span in trace.spans if span.kind == "client"}
    lost = [span for span in trace.spans if "feature_flag.key" in span.attributes]
    for server in lost:
        caller = clients[server.parent_id]
        assert (caller.error, caller.attributes["error.type"]) == (True, "ReadTimeout")
        assert (server.error, server.milliseconds >= 1500, server.end > caller.end) == (False, True, True)
        assert server.attributes["http.response.status_code"] in (200, 201)
        assert trace.children(server)
    assert len(failed_tries(trace, "PUT") + failed_tries(trace, "POST")) == len(lost)


def every_command_is_slow(trace: Trace) -> None:
    assert min(span.milliseconds for span in mongodb(trace)) >= 100
    assert max(gaps(trace, RESERVE) + gaps(trace, CHARGE)) < 100


def later_try_finds_it_reserved(trace: Trace) -> None:
    *in_vain, worked = named(trace, "PUT")
    assert {span.attributes["error.type"] for span in in_vain} == {"ReadTimeout"}
    assert (worked.error, worked.attributes["http.response.status_code"]) == (False, 200)
    assert min(span.milliseconds for span in mongodb(trace)) >= 600


def is_declined(trace: Trace) -> None:
    trace.span("processPayment").has(error=True, error__type="payment-declined")
