"""The saga's rules: what is called in which order, and what becomes of the order."""

import pytest
from chassis.problems import Unavailable
from order.models import (
    KeyTaken,
    LeaseLost,
    Line,
    NewOrder,
    Order,
    OutcomeUnknown,
    PaymentDeclined,
    Refused,
)
from order.process_order import process_order

from tests.unit.fakes import FakeShop

NEW = NewOrder(customer_id="customer-1", lines=[Line(sku="lamp", quantity=1)], payment_method="pm_card_ok")


async def run(shop: FakeShop) -> Order:
    return await process_order(Order.pending(NEW, None), shop, shop, shop)  # type: ignore[arg-type]


async def test_all_well_confirms_the_order() -> None:
    shop = FakeShop()
    order = await run(shop)
    assert (order.status, order.total_minor) == ("confirmed", 500)
    assert shop.calls == ["insert", "reserve", "charge", "settle"]


async def test_out_of_stock_rejects_without_charging_or_releasing() -> None:
    shop = FakeShop(reserve=Refused("out-of-stock", sku="lamp", available=0))
    order = await run(shop)
    assert (order.status, order.reason) == ("rejected", "out-of-stock")
    assert order.refusal == {"sku": "lamp", "available": 0}
    assert shop.calls == ["insert", "reserve", "settle"]


async def test_declined_payment_releases_before_it_rejects() -> None:
    shop = FakeShop(charge=PaymentDeclined("payment-declined"))
    order = await run(shop)
    assert (order.status, order.reason) == ("rejected", "payment-declined")
    assert shop.calls == ["insert", "reserve", "charge", "decide", "release", "settle"]
    (decided,) = shop.decided
    assert (decided.status, decided.reason) == ("pending", "payment-declined")


@pytest.mark.parametrize("step", ["reserve", "charge"])
async def test_unknown_outcome_leaves_the_order_pending(step: str) -> None:
    shop = FakeShop(**{step: OutcomeUnknown("ReadTimeout")})
    assert (await run(shop)).status == "pending"
    assert "release" not in shop.calls


async def test_release_that_may_have_failed_does_not_reject_the_order() -> None:
    """A rejected order holds no stock, so it is not rejected before the release is sure."""
    shop = FakeShop(charge=PaymentDeclined("payment-declined"), release=OutcomeUnknown("ConnectError"))
    assert (await run(shop)).status == "pending"


@pytest.mark.parametrize("error", [Unavailable("gone"), LeaseLost()])
async def test_nothing_is_undone_before_it_is_written_that_it_has_to_be(error: Exception) -> None:
    shop = FakeShop(charge=PaymentDeclined("payment-declined"), decide=error)
    assert (await run(shop)).status == "pending"
    assert "release" not in shop.calls


async def test_outcome_that_can_not_be_written_is_not_claimed() -> None:
    shop = FakeShop(settle=Unavailable("AutoReconnect"))
    assert (await run(shop)).status == "pending"


@pytest.mark.parametrize("error", [Unavailable("gone"), KeyTaken()])
async def test_nothing_is_called_when_the_order_was_not_written(error: Exception) -> None:
    shop = FakeShop(insert=error)
    with pytest.raises(type(error)):
        await run(shop)
    assert shop.calls == ["insert"]


async def test_somebody_elses_outcome_is_the_outcome() -> None:
    theirs = Order.pending(NEW, None).refused(Refused("out-of-stock")).rejected()
    assert (await run(FakeShop(settle=theirs))).status == "rejected"
