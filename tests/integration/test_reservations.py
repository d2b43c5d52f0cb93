"""inventory's promises: all or nothing, once, in any order of arrival, whoever races or died in between."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import motor.motor_asyncio
import pytest
from inventory.models import Line, NewReservation, OtherLines, Refused, Released, State
from inventory.reservations import release, reserve, sweep
from inventory.store import InventoryStore

from tests.support import ShopInProcess

NOW = timedelta(0)
LINES = NewReservation(lines=[Line(sku="a", quantity=3), Line(sku="b", quantity=2)])


@pytest.fixture
async def store(mongodb: str) -> AsyncIterator[InventoryStore]:
    """A store of its own, with 10 pieces of `a` and 10 of `b`."""
    client: Any = motor.motor_asyncio.AsyncIOMotorClient(mongodb, tz_aware=True)
    name = f"test-{uuid.uuid4().hex[:12]}"
    store = InventoryStore(client[name])
    await store.prepare([{"sku": s, "name": s, "price_minor": 100, "quantity": 10} for s in ("a", "b")])
    yield store
    await client.drop_database(name)
    client.close()


async def pieces(store: InventoryStore) -> list[tuple[int, int]]:
    stock = await store.all_stock()
    assert all(each.available + each.reserved == each.received == 10 for each in stock)
    return [(each.available, each.reserved) for each in stock]


def an_order() -> str:
    return str(uuid.uuid4())


async def test_reservation_again_is_the_same(store: InventoryStore) -> None:
    order = an_order()
    first, again = await reserve(order, LINES, store), await reserve(order, LINES, store)
    assert (first[1], again[1]) == (True, False)
    assert first[0] == again[0]
    assert first[0].total_minor == 500
    assert await pieces(store) == [(7, 3), (8, 2)]


async def test_price_is_the_one_of_the_moment_it_was_held(store: InventoryStore) -> None:
    order = an_order()
    await reserve(order, LINES, store)
    await store._stock.update_many({}, {"$set": {"price_minor": 999}})
    assert (await reserve(order, LINES, store))[0].total_minor == 500


async def test_other_lines_under_the_same_order_are_refused(store: InventoryStore) -> None:
    order = an_order()
    await reserve(order, LINES, store)
    with pytest.raises(OtherLines):
        await reserve(order, NewReservation(lines=LINES.lines[:1]), store)


async def test_refusal_is_kept_even_after_new_goods_came(store: InventoryStore) -> None:
    order, much = an_order(), NewReservation(lines=[LINES.lines[0], Line(sku="b", quantity=11)])
    with pytest.raises(Refused) as first:
        await reserve(order, much, store)
    assert (first.value.reason, first.value.sku, first.value.available) == ("out-of-stock", "b", 10)
    assert await pieces(store) == [(10, 0), (10, 0)]
    await store._stock.update_one({"_id": "b"}, {"$inc": {"available": 50, "received": 50}})
    with pytest.raises(Refused) as again:
        await reserve(order, much, store)
    assert again.value.available == 10


async def test_release_gives_back_once(store: InventoryStore) -> None:
    order = an_order()
    await reserve(order, LINES, store)
    await release(order, store)
    await release(order, store)
    assert await pieces(store) == [(10, 0), (10, 0)]
    with pytest.raises(Released):
        await reserve(order, LINES, store)


async def test_release_before_the_reserve_wins(store: InventoryStore) -> None:
    order = an_order()
    await release(order, store)
    with pytest.raises(Released):
        await reserve(order, LINES, store)
    assert await pieces(store) == [(10, 0), (10, 0)]


async def test_release_works_after_the_markers_were_swept(store: InventoryStore) -> None:
    order = an_order()
    await reserve(order, LINES, store)
    await sweep(store, stale=NOW, grace=NOW)
    assert (await store.raw_stock("a") or {})["markers"] == []
    await release(order, store)
    await release(order, store)
    assert await pieces(store) == [(10, 0), (10, 0)]


async def test_markers_of_unfinished_work_are_not_swept(store: InventoryStore) -> None:
    await store.open(an_order(), LINES.lines)
    await reserve(an_order(), LINES, store)
    await sweep(store, stale=timedelta(hours=1), grace=NOW)
    assert len((await store.raw_stock("a") or {})["markers"]) == 1


async def test_racing_duplicates_hold_once(store: InventoryStore) -> None:
    order = an_order()
    await asyncio.gather(*(reserve(order, LINES, store) for _ in range(20)))
    assert await pieces(store) == [(7, 3), (8, 2)]


async def test_reserve_and_release_at_once_never_lose_a_piece(store: InventoryStore) -> None:
    for _ in range(20):
        order = an_order()
        calls: list[Awaitable[Any]] = [reserve(order, LINES, store) for _ in range(4)]
        await asyncio.gather(*calls, release(order, store), return_exceptions=True)
        assert await pieces(store) == [(10, 0), (10, 0)]


async def test_many_orders_never_sell_more_than_there_is(store: InventoryStore) -> None:
    one = NewReservation(lines=[Line(sku="a", quantity=1)])
    results = await asyncio.gather(
        *(reserve(an_order(), one, store) for _ in range(40)), return_exceptions=True
    )
    assert sum(isinstance(result, Refused) for result in results) == 30
    assert await pieces(store) == [(0, 10), (10, 0)]


class Died(BaseException):
    """The process ends here."""


class DiesAfter(InventoryStore):
    """A store whose process dies before the n-th write."""

    def __init__(self, store: InventoryStore, writes: int) -> None:
        super().__init__(store._db)
        self.left = writes

    def _count(self) -> None:
        if self.left == 0:
            raise Died
        self.left -= 1

    async def _insert_or_get(self, *args: Any) -> Any:
        self._count()
        return await super()._insert_or_get(*args)

    async def move(self, *args: Any, **kwargs: Any) -> bool:
        self._count()
        return await super().move(*args, **kwargs)

    async def _shift(self, *args: Any) -> Any:
        self._count()
        return await super()._shift(*args)


async def die(
    work: Callable[[InventoryStore], Awaitable[object]], store: InventoryStore, writes: int
) -> None:
    with contextlib.suppress(Died, Refused):
        await work(DiesAfter(store, writes))


@pytest.mark.parametrize("writes", range(5))
async def test_reserve_that_died_is_finished_by_the_next_try(store: InventoryStore, writes: int) -> None:
    order = an_order()
    await die(lambda dying: reserve(order, LINES, dying), store, writes)
    await reserve(order, LINES, store)
    assert await pieces(store) == [(7, 3), (8, 2)]


@pytest.mark.parametrize("writes", range(8))
async def test_reserve_that_died_is_finished_by_the_sweeper(store: InventoryStore, writes: int) -> None:
    order = an_order()
    much = NewReservation(lines=[LINES.lines[0], Line(sku="b", quantity=11)])
    await die(lambda dying: reserve(order, much, dying), store, writes)
    await sweep(store, stale=NOW)
    assert await pieces(store) == [(10, 0), (10, 0)]
    assert await store.unfinished() == []


@pytest.mark.parametrize("writes", range(6))
async def test_release_that_died_is_finished_by_the_sweeper(store: InventoryStore, writes: int) -> None:
    order = an_order()
    await reserve(order, LINES, store)
    await die(lambda dying: release(order, dying), store, writes)
    await sweep(store, stale=NOW)
    expected = [(7, 3), (8, 2)] if writes < 2 else [(10, 0), (10, 0)]  # before the decision nothing is open
    assert await pieces(store) == expected
    await release(order, store)
    assert await pieces(store) == [(10, 0), (10, 0)]


@pytest.mark.parametrize("held", range(3))
async def test_release_in_the_middle_of_a_reserve_that_died(store: InventoryStore, held: int) -> None:
    order = an_order()
    await die(lambda dying: reserve(order, LINES, dying), store, 1 + held)
    await release(order, store)
    assert await pieces(store) == [(10, 0), (10, 0)]


class ReleasedMeanwhile(InventoryStore):
    """A store where somebody releases the order just before its reservation would become `held`."""

    async def move(self, order_id: str, old: State, new: State, **fields: Any) -> bool:
        if new == "held":
            await release(order_id, InventoryStore(self._db))
        return await super().move(order_id, old, new, **fields)


async def test_release_just_before_the_reserve_is_done_wins(store: InventoryStore) -> None:
    order = an_order()
    with pytest.raises(Released):
        await reserve(order, LINES, ReleasedMeanwhile(store._db))
    assert (await store.find(order)).state == "released"
    assert await pieces(store) == [(10, 0), (10, 0)]


async def test_late_duplicate_of_a_refused_line_holds_nothing(store: InventoryStore) -> None:
    order, line = an_order(), LINES.lines[0]
    await reserve(order, LINES, store)
    await release(order, store)
    assert await store.hold(order, line) is None  # a request that stalled for long
    assert await pieces(store) == [(10, 0), (10, 0)]


def test_receipt_with_a_key_counts_once(shop: ShopInProcess) -> None:
    key, before = {"idempotency-key": str(uuid.uuid4())}, shop.stock("chair")
    for _ in range(3):
        answer = shop.inventory.post("/stock/chair/receipts", json={"quantity": 7}, headers=key)
        assert answer.status_code == 201
    after = answer.json()
    assert after["available"] - before["available"] == after["received"] - before["received"] == 7


@pytest.mark.parametrize("path", ["/stock/nope", "/stock/nope/receipts"])
def test_unknown_product_is_not_found(shop: ShopInProcess, path: str) -> None:
    method, body = ("POST", {"quantity": 1}) if path.endswith("receipts") else ("GET", None)
    assert shop.inventory.request(method, path, json=body).status_code == 404
