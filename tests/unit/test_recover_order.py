"""Recovery's rules: forward if it can be, undone where that is decided or it can't be, else left alone."""

import asyncio

import pytest
from chassis.problems import Unavailable
from order.models import DefinitelyRefused, Line, NewOrder, Order, OutcomeUnknown, PaymentDeclined, Refused
from order.recover_order import AT_ONCE, MOST_REFUSALS, MOST_UNKNOWN, recover_orders

from tests.unit.fakes import FakeShop

NEW = NewOrder(customer_id="customer-1", lines=[Line(sku="lamp", quantity=1)], payment_method="pm_card_ok")


def pending() -> Order:
    return Order.pending(NEW, None)


async def recovered(shop: FakeShop) -> list[Order]:
    await recover_orders(shop, shop, shop)  # type: ignore[arg-type]
    return shop.settled


async def test_order_somebody_died_in_is_driven_forward() -> None:
    shop = FakeShop(pending(), pending())
    assert [order.status for order in await recovered(shop)] == ["confirmed", "confirmed"]
    assert sorted(shop.calls) == sorted(["reserve", "charge", "settle"] * 2)


async def test_declined_order_is_undone() -> None:
    shop = FakeShop(pending(), charge=PaymentDeclined("payment-declined"))
    (order,) = await recovered(shop)
    assert (order.status, order.reason) == ("rejected", "payment-declined")
    assert shop.calls == ["reserve", "charge", "decide", "release", "settle"]


async def test_decision_to_undo_is_not_questioned() -> None:
    """Its goods may be back already: reserving again would be refused, and the true reason lost."""
    shop = FakeShop(pending().refused(Refused("payment-declined")))
    (order,) = await recovered(shop)
    assert (order.status, order.reason) == ("rejected", "payment-declined")
    assert shop.calls == ["release", "settle"]


@pytest.mark.parametrize("step", ["reserve", "charge"])
async def test_definite_refusal_is_counted_and_at_last_the_order_is_undone(step: str) -> None:
    order, no = pending(), DefinitelyRefused("payment-voided")
    for count in range(1, MOST_REFUSALS):
        (order,) = await recovered(FakeShop(order, **{step: no}))
        assert (order.status, order.refusals) == ("pending", count)
    shop = FakeShop(order, **{step: no})
    (order,) = await recovered(shop)
    assert (order.status, order.reason) == ("rejected", "abandoned")
    assert shop.calls[-4:] == ["decide", "void", "release", "settle"]


async def test_order_that_was_not_undone_to_the_end_is_undone_again() -> None:
    shop = FakeShop(pending().refused(Refused("abandoned")), void=OutcomeUnknown("ReadTimeout"))
    (order,) = await recovered(shop)
    assert (order.status, order.reason) == ("pending", "abandoned")
    shop = FakeShop(order)
    assert [order.status for order in await recovered(shop)] == ["rejected"]
    assert shop.calls == ["void", "release", "settle"]


async def test_dependency_that_is_away_is_tried_with_one_order_a_round() -> None:
    shop = FakeShop(*(pending() for _ in range(9)), reserve=OutcomeUnknown("circuit_open"))
    assert [order.status for order in await recovered(shop)] == ["pending"]
    assert len(shop.left) == 8


async def test_dependency_that_goes_away_ends_the_round() -> None:
    shop = GoesAway(*(pending() for _ in range(9 * AT_ONCE)))
    statuses = [order.status for order in await recovered(shop)]
    assert MOST_UNKNOWN <= statuses.count("pending") < MOST_UNKNOWN + AT_ONCE
    assert len(shop.left) > AT_ONCE


class GoesAway(FakeShop):
    """Charges an order or two for each worker, then never again."""

    async def charge(self, order: Order) -> None:
        await asyncio.sleep(0)
        if self.calls.count("charge") >= 2 * AT_ONCE:
            raise OutcomeUnknown("ConnectError")
        await super().charge(order)


async def test_many_orders_are_finished_in_one_round_several_at_a_time() -> None:
    shop = Counting(*(pending() for _ in range(3 * AT_ONCE)))
    assert [order.status for order in await recovered(shop)] == ["confirmed"] * 3 * AT_ONCE
    assert shop.most == AT_ONCE


class Counting(FakeShop):
    """Counts how many charges are under way at a time; each waits for the others that have begun."""

    now = most = 0

    async def charge(self, order: Order) -> None:
        self.now += 1
        await asyncio.sleep(0)
        self.most = max(self.most, self.now)
        await super().charge(order)
        self.now -= 1


async def test_mongodb_that_is_away_ends_the_round() -> None:
    shop = FakeShop(*(pending() for _ in range(3 * AT_ONCE)), settle=Unavailable("MongoDB"))
    await recovered(shop)
    assert len(shop.settled) == 1
