"""Trips and traces to judge, made by hand."""

from tools.load.journal import Answer, Trip
from tools.load.stored import Seen
from tools.tracecheck import Span, Trace

EVERYBODY = frozenset({"load", "order", "inventory", "payment"})


def a_trip(
    name: str, *, sampled: bool = True, began: float = 0.0, took: float = 10.0, wrong: str = ""
) -> Trip:
    answers = [Answer("POST /orders, bought", 201, took, began)]
    return Trip("buy", name, sampled, began, 0.0, answers, [wrong] if wrong else [], False, False)


def whole(served: float = 8.0) -> Seen:
    return Seen(14, True, EVERYBODY, [served], {"processOrder": [7.0]})


def torn(*services: str, spans: int = 5) -> Seen:
    return Seen(spans, False, frozenset(services), [], {})


NOTHING = torn(spans=0)


DB = {"db.system.name": "mongodb"}


def bought(*without: str) -> Trace:
    """A trace of one order, as far as this matters here, without the spans of these names."""
    code = {"http.response.status_code": 201}
    spans = [
        Span("buy", "internal", "load", "t", "1", "", 0, 99),
        Span("POST /orders", "server", "order", "t", "2", "1", 1, 90, attributes=code),
        Span("PUT", "client", "order", "t", "3", "2", 2, 80, attributes=code),
        Span("PUT /reservations/{order_id}", "server", "inventory", "t", "4", "3", 3, 70, attributes=code),
        Span("inventory.update", "client", "inventory", "t", "5", "4", 4, 60, attributes=DB),
    ]
    return Trace([span for span in spans if span.name not in without])
