"""Trace context and baggage across services: what is kept, what is made anew, what is dropped at the edge."""

import re
import uuid
from collections.abc import Iterator

import httpx
import pytest
from chassis.baggage import keep_allowed

from tests.support import ShopInProcess, SpanMemory, new_order, trace_id_of
from tools.tracecheck import Trace

TRACE = uuid.uuid4().hex
TRACERESPONSE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def is_sampled(answer: httpx.Response) -> bool:
    return bool(int(answer.headers["traceresponse"][-2:], 16) & 1)


def fresh_trace_id(n: int) -> str:
    return f"{TRACE[:24]}{n:08x}"


def test_a_clients_trace_is_continued_through_every_service(shop: ShopInProcess, spans: SpanMemory) -> None:
    answer = shop.place(traceparent=f"00-{fresh_trace_id(1)}-00f067aa0ba902b7-01", tracestate="vendor=x")
    assert trace_id_of(answer) == answer.json()["trace_id"] == fresh_trace_id(1)
    trace = spans.trace(answer).services("order", "inventory", "payment")
    (top,) = trace.orphans  # its parent is the client's span, which is not ours to see
    assert (top.name, top.parent_id) == ("POST /orders", "00f067aa0ba902b7")


def test_a_clients_decision_not_to_sample_is_honoured_everywhere(
    shop: ShopInProcess, spans: SpanMemory
) -> None:
    answer = shop.place(traceparent=f"00-{fresh_trace_id(2)}-00f067aa0ba902b7-00")
    assert (answer.status_code, trace_id_of(answer)) == (201, fresh_trace_id(2))
    assert not is_sampled(answer)
    spans.trace(shop.place())  # a later one has ended, so would have this one
    assert not [span for span in spans.all() if span.trace_id == fresh_trace_id(2)]


@pytest.mark.parametrize(
    "traceparent",
    [
        pytest.param("garbage", id="malformed"),
        pytest.param(f"00-{'0' * 32}-00f067aa0ba902b7-01", id="trace id of zeros"),
        pytest.param(f"00-{TRACE}-{'0' * 16}-01", id="span id of zeros"),
        pytest.param(f"ff-{TRACE}-00f067aa0ba902b7-01", id="version ff"),
        pytest.param(f"00-{TRACE.upper()}-00f067aa0ba902b7-01-extra", id="upper case and a rest"),
        pytest.param("0" * 10_000, id="10 kB"),
    ],
)
def test_a_context_that_is_no_good_gives_a_fresh_trace(
    shop: ShopInProcess, spans: SpanMemory, traceparent: str
) -> None:
    answer = shop.place(traceparent=traceparent)
    assert answer.status_code == 201
    assert trace_id_of(answer) != TRACE
    spans.trace(answer).connected().services("order", "inventory", "payment")


def test_a_future_versions_context_is_continued(shop: ShopInProcess) -> None:
    answer = shop.place(traceparent=f"cc-{fresh_trace_id(3)}-00f067aa0ba902b7-01-what-the-future-will-be")
    assert trace_id_of(answer) == fresh_trace_id(3)


@pytest.mark.parametrize("header", ["tracestate", "baggage"])
def test_huge_headers_do_not_stop_an_order(shop: ShopInProcess, spans: SpanMemory, header: str) -> None:
    answer = shop.place(**{header: "k=" + "v" * 10_000, "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    assert answer.status_code == 201
    assert "vvvv" not in str(spans.trace(answer).spans)


def tiers(trace: Trace) -> set[object]:
    under = [span for _, span in trace.walk(trace.span("processOrder").raw)]
    return {span.attributes.get("shop.customer.tier") for span in under}


def test_the_tier_of_the_records_is_on_every_span_of_the_order(
    shop: ShopInProcess, spans: SpanMemory
) -> None:
    trace = spans.trace(shop.place(new_order(customer_id="customer-1")))
    assert tiers(trace) == {"gold"}
    trace.span("POST /payments").has(shop__customer__tier="gold")  # crossed two services as a header


def test_a_client_can_not_claim_a_tier(shop: ShopInProcess, spans: SpanMemory) -> None:
    trace = spans.trace(shop.place(baggage="shop.customer.tier=gold"))
    assert tiers(trace) == {"standard"}
    assert "shop.customer.tier" not in trace.span("POST /orders").raw.attributes


def test_a_synthetic_orders_mark_is_on_every_span(shop: ShopInProcess, spans: SpanMemory) -> None:
    trace = spans.trace(shop.place(baggage="shop.synthetic=true,shop.seat=seat-3"))
    for span in trace.spans:
        assert span.attributes.get("user_agent.synthetic.type") == "test", span.line()
        assert span.attributes.get("shop.seat") == "seat-3", span.line()


@pytest.mark.parametrize(
    "baggage",
    [
        "user.email=alice@example.com",
        "shop.seat=UPPER",
        "shop.seat=%3Cscript%3E",
        "shop.seat=" + "s" * 17,
        "shop.synthetic=yes",
        "shop.seat=a;p=1",
        "=,;,==",
        ",".join(f"k{i}=v" for i in range(500)),
    ],
)
def test_baggage_that_is_not_allowed_is_dropped_at_the_edge(
    shop: ShopInProcess, spans: SpanMemory, baggage: str
) -> None:
    trace = spans.trace(shop.place(baggage=baggage))
    for span in trace.spans:
        assert not {"shop.seat", "user_agent.synthetic.type", "user.email"} & set(span.attributes), (
            span.line()
        )
    assert "alice" not in str(trace.spans)


def test_baggage_of_too_many_bytes_is_dropped_whole() -> None:
    """The list as it is can't come to 256 bytes; it may grow."""
    sent = [(b"baggage", b"shop.synthetic=true,shop.seat=seat-7")]
    assert keep_allowed(sent, edge=True, most=36) == sent
    assert keep_allowed(sent, edge=True, most=35) == []


def test_only_allowed_baggage_reaches_the_next_service(
    shop: ShopInProcess, echo: list[dict[str, str]]
) -> None:
    shop.place(baggage="shop.seat=seat-4,secret=1")
    (seen,) = echo
    assert sorted(seen["baggage"].split(",")) == ["shop.customer.tier=standard", "shop.seat=seat-4"]


@pytest.fixture
def echo(shop: ShopInProcess) -> Iterator[list[dict[str, str]]]:
    """The headers of each request that order sends to payment."""
    import order.main

    seen: list[dict[str, str]] = []

    async def look(answer: httpx.Response) -> None:  # by then the request has its trace headers
        seen.append(dict(answer.request.headers))

    client = order.main.app.state.payment._payment._http
    client.event_hooks = {"request": [], "response": [look]}
    yield seen
    client.event_hooks = {"request": [], "response": []}


@pytest.mark.parametrize(
    ("service", "method", "path"),
    [
        ("order", "POST", "/orders"),
        ("order", "GET", "/orders"),
        ("order", "PATCH", "/orders"),
        ("order", "GET", "/no/such/path"),
        ("inventory", "GET", "/stock"),
        ("inventory", "PUT", "/reservations/x"),
        ("payment", "POST", "/payments"),
    ],
)
def test_every_answer_says_its_trace(shop: ShopInProcess, service: str, method: str, path: str) -> None:
    answer = getattr(shop, service).request(method, path)
    assert TRACERESPONSE.fullmatch(answer.headers["traceresponse"])
    assert is_sampled(answer)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_leaves_no_trace(shop: ShopInProcess, path: str) -> None:
    answer = shop.order.get(path, headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    assert answer.status_code == 200
    assert "traceresponse" not in answer.headers
