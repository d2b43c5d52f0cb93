"""Leases: an order is one worker's at a time, and what was decided stays decided. In its own database."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import motor.motor_asyncio
import pytest
from order.models import LeaseLost, NewOrder, Order, Refused, utc_now
from order.store import OrderStore

from tests.support import new_order

NEW = NewOrder.model_validate(new_order())


class Desk:
    """A store, and a look and a hand behind its back."""

    def __init__(self, collection: Any) -> None:
        self.collection = collection
        self.store = OrderStore({"orders": collection})  # type: ignore[arg-type]

    async def left_behind(self) -> Order:
        """An order whose worker died: its lease has run out."""
        order = Order.pending(NEW, None)
        await self.store.insert(order)
        await self.run_out(order)
        return order

    async def run_out(self, order: Order) -> None:
        past = {"lease_until": datetime.now(UTC) - timedelta(seconds=1)}
        await self.collection.update_one({"_id": order.id}, {"$set": past})

    async def claim(self, until: datetime | None = None) -> Order | None:
        """Take over the order that was left behind first, as recovery does.

        A millisecond later, as MongoDB counts: what was handed back in this one is not left behind yet.
        """
        until = until or datetime.now(UTC) + timedelta(milliseconds=1)
        for order_id in await self.store.left_behind(until=until, limit=100):
            if order := await self.store.claim(order_id, until=until):
                return order
        return None


@pytest.fixture
async def desk(mongodb: str) -> AsyncIterator[Desk]:
    client: Any = motor.motor_asyncio.AsyncIOMotorClient(mongodb, tz_aware=True)
    with contextlib.closing(client):
        yield Desk(client["recovery"][f"orders-{uuid.uuid4()}"])


async def test_replicas_that_claim_at_once_share_the_work_and_repeat_none(desk: Desk) -> None:
    left = {(await desk.left_behind()).id for _ in range(20)}

    async def replica() -> list[str]:
        mine = []
        while order := await desk.claim():
            mine.append(order.id)
        return mine

    first, second, third = await asyncio.gather(replica(), replica(), replica())
    assert sorted(first + second + third) == sorted(left)


async def test_order_in_work_is_not_claimed(desk: Desk) -> None:
    order = Order.pending(NEW, None)
    await desk.store.insert(order)
    assert await desk.claim() is None
    assert await desk.store.claim(order.id, until=datetime.now(UTC)) is None


async def test_order_handed_back_is_not_claimed_again_in_the_same_round(desk: Desk) -> None:
    await desk.left_behind()
    began = utc_now()  # as recovery does: in milliseconds, which is what MongoDB keeps
    order = await desk.claim(until=began)
    assert order
    await desk.store.settle(order.refused_again())
    assert await desk.claim(until=began) is None
    assert await desk.store.claim(order.id, until=began) is None
    again = await desk.claim()
    assert again
    assert (again.id, again.refusals) == (order.id, 1)


async def test_who_lost_the_lease_can_neither_decide_nor_settle(desk: Desk) -> None:
    late = await desk.left_behind()
    owner = await desk.claim()
    assert owner
    with pytest.raises(LeaseLost):
        await desk.store.decide(late.refused(Refused("payment-declined")))
    seen = await desk.store.settle(late.confirmed())
    assert seen.status == "pending"
    assert (await desk.store.settle(owner.refused(Refused("out-of-stock")).rejected())).status == "rejected"
    assert (await desk.store.settle(late.confirmed())).status == "rejected"


async def test_decision_to_undo_outlives_who_made_it(desk: Desk) -> None:
    order = await desk.left_behind()
    await desk.store.decide(order.refused(Refused("payment-declined")))
    assert await desk.claim() is None  # the decision came with a new lease
    # What process_order writes when the release then fails: it still knows nothing.
    await desk.store.settle(order)
    again = await desk.claim()
    assert again
    assert (again.reason, again.to_undo) == ("payment-declined", True)


async def test_orders_pending_for_long_are_counted(desk: Desk) -> None:
    await desk.left_behind()
    await desk.store.settle((await desk.left_behind()).confirmed())
    assert await desk.store.count_pending(timedelta()) == 1
    assert await desk.store.count_pending(timedelta(seconds=30)) == 0
