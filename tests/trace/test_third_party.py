"""Where baggage goes: to services of ours, to nobody else, and of hostile baggage nothing goes anywhere."""

import uuid
from collections.abc import Callable, Iterator
from typing import Literal

import httpx
import pytest
from chassis import http, telemetry

from tests.hostile_baggage import HOSTILE, MARK
from tests.support import ShopInProcess, SpanMemory, new_order, trace_id_of
from tests.third_party import ThirdParty

OURS_AND_THEIRS = "shop.seat=seat-7,shop.synthetic=true"


@pytest.fixture
def outside(shop: ShopInProcess) -> Iterator[ThirdParty]:
    """A third party, and an endpoint of order that calls it, as the next engineer would write it."""
    import order.main

    with ThirdParty() as third_party:

        async def call(how: Literal["a plain client", "the chassis", "ours"]) -> None:
            client = {
                "a plain client": lambda: httpx.AsyncClient(base_url=third_party.url),
                "the chassis": lambda: http.client(third_party.url, order.main.settings),
                "ours": lambda: http.client(third_party.url, order.main.settings, ours=True),
            }[how]
            with telemetry.carry("shop.customer.tier", "gold"):
                async with client() as to_third_party:
                    await to_third_party.get("/check")

        order.main.app.add_api_route("/outside/{how}", call)
        yield third_party
        order.main.app.router.routes.pop()


@pytest.fixture(scope="module")
def inside(shop: ShopInProcess) -> Iterator[Callable[[], set[str]]]:
    """Says which requests order has sent to inventory and payment, each with its headers."""
    wires = (shop.to_inventory, shop.to_payment)
    for wire in wires:
        wire.keep = True
        wire.mend()  # only what comes over new connections is kept
    yield lambda: {head for wire in wires for head in wire.heads()}
    for wire in wires:
        wire.keep = False
        wire.heard.clear()


def parent(flags: str = "01") -> str:
    return f"00-{uuid.uuid4().hex}-00f067aa0ba902b7-{flags}"


@pytest.mark.parametrize("how", ["a plain client", "the chassis"])
def test_third_party_gets_the_ids_of_the_trace_and_nothing_else(
    shop: ShopInProcess, spans: SpanMemory, outside: ThirdParty, how: str
) -> None:
    sent = {"baggage": OURS_AND_THEIRS, "traceparent": parent(), "tracestate": f"vendor={MARK}"}
    answer = shop.order.get(f"/outside/{how}", headers=sent)
    assert answer.status_code == 200
    (seen,) = outside.seen
    assert not {"baggage", "tracestate"} & set(seen)
    assert not [value for value in seen.values() if MARK in value or "seat-7" in value or "gold" in value]
    call = spans.trace(answer, root="GET /outside/{how}").span("GET")
    # The call is a span like any other, with all that baggage says of the order.
    call.has(
        kind="client", shop__seat="seat-7", shop__customer__tier="gold", user_agent__synthetic__type="test"
    )
    assert seen["traceparent"].split("-")[1:3] == [trace_id_of(answer), call.raw.span_id]


def test_service_of_ours_gets_baggage_and_tracestate(shop: ShopInProcess, outside: ThirdParty) -> None:
    """The one above would pass if nobody got any."""
    sent = {"baggage": OURS_AND_THEIRS, "traceparent": parent(), "tracestate": f"vendor={MARK}"}
    shop.order.get("/outside/ours", headers=sent)
    (seen,) = outside.seen
    assert sorted(seen["baggage"].split(",")) == [
        "shop.customer.tier=gold",
        "shop.seat=seat-7",
        "shop.synthetic=true",
    ]
    assert seen["tracestate"] == f"vendor={MARK}"


def test_third_party_gets_no_more_where_nothing_is_sampled(shop: ShopInProcess, outside: ThirdParty) -> None:
    sent = {"baggage": OURS_AND_THEIRS, "traceparent": parent("00"), "tracestate": f"vendor={MARK}"}
    shop.order.get("/outside/the chassis", headers=sent)
    shop.order.get("/outside/ours", headers=sent)
    to_them, to_ours = outside.seen
    assert not {"baggage", "tracestate"} & set(to_them)
    assert to_them["traceparent"].startswith(sent["traceparent"][:36])
    assert {"baggage", "tracestate"} <= set(to_ours)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_baggage_changes_no_order_and_goes_nowhere(
    shop: ShopInProcess, spans: SpanMemory, outside: ThirdParty, name: str
) -> None:
    hostile = [(b"baggage", value) for value in HOSTILE[name]]
    answer = shop.order.post("/orders", json=new_order(), headers=hostile)
    assert answer.status_code == 201
    shop.order.get("/outside/the chassis", headers=hostile)
    assert [seen for seen in outside.seen if "baggage" in seen or MARK in str(seen).lower()] == []
    for span in spans.trace(answer).spans:
        assert not {"shop.seat", "user_agent.synthetic.type"} & set(span.attributes), span.line()
        assert span.attributes.get("shop.customer.tier", "standard") == "standard", span.line()
        assert MARK not in str(span).lower(), span.line()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_baggage_is_in_no_call_between_services(
    shop: ShopInProcess, inside: Callable[[], set[str]], name: str
) -> None:
    hostile, before = [(b"baggage", value) for value in HOSTILE[name]], inside()
    assert shop.order.post("/orders", json=new_order(), headers=hostile).status_code == 201
    heads = inside() - before
    assert len(heads) == 2
    for head in heads:
        assert MARK not in head.lower()
        lines = [line for line in head.splitlines() if line.lower().startswith("baggage:")]
        assert lines == ["baggage: shop.customer.tier=standard"]
