"""Recovery in the traces: one of its own per try, linked to the order's first; what can't be is undone."""

from collections.abc import Iterator

import httpx
import pytest

from tests.contract import CONTRACT
from tests.support import ShopInProcess, SpanMemory, eventually, new_order

TREES = CONTRACT["trees"]


@pytest.fixture
def unpaid(shop: ShopInProcess) -> Iterator[httpx.Response]:
    """The answer for an order that is pending, because payment could not be reached."""
    shop.to_payment.cut()
    answer = shop.place(new_order("mug", 2) | {"customer_id": "customer-1"})
    assert answer.status_code == 202
    yield answer
    shop.mend()


def settled(shop: ShopInProcess, answer: httpx.Response) -> httpx.Response:
    def look() -> httpx.Response:
        found = shop.order.get(answer.headers["location"])
        assert found.json()["status"] != "pending"
        return found

    return eventually(look, seconds=30)


def test_pending_order_is_recovered_in_a_trace_that_links_to_its_first(
    shop: ShopInProcess, spans: SpanMemory, unpaid: httpx.Response
) -> None:
    first = spans.trace(unpaid).span("processOrder")
    spans.recovery(unpaid.json()["id"], "pending")  # just ended; mended in the middle of one, it tries twice
    shop.to_payment.mend()
    assert settled(shop, unpaid).json() | {"updated_at": 0} == unpaid.json() | {
        "status": "confirmed",
        "total_minor": 2400,
        "currency": "EUR",
        "updated_at": 0,
    }
    trace = spans.recovery(unpaid.json()["id"], "confirmed").connected().is_tree(TREES["recovered"])
    trace.span("recoverOrder").has(error=False, shop__customer__tier="gold").links_to(first.raw)


def test_order_that_is_refused_again_and_again_is_undone_and_abandoned(
    shop: ShopInProcess, spans: SpanMemory, unpaid: httpx.Response
) -> None:
    order_id, before = unpaid.json()["id"], shop.stock("mug")
    assert shop.payment.delete(f"/payments/{order_id}").status_code == 204  # somebody calls the payment off
    shop.to_payment.mend()
    found = settled(shop, unpaid).json()
    assert (found["status"], found["reason"]) == ("rejected", "abandoned")
    trace = spans.recovery(order_id, "rejected").connected().is_tree(TREES["abandoned"])
    trace.span("processPayment").has(error__type="payment-voided")
    assert shop.stock("mug")["reserved"] == before["reserved"] - 2
    assert shop.payment.get(f"/payments/{order_id}").json()["status"] == "voided"
