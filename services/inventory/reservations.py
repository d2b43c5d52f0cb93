"""Reserving all lines of an order or none, once, and giving them back once, whoever dies or repeats.

The reservation's state says what is decided; the markers on the stock say what is done. A step decides first
(one conditional write), then does, then says done: whatever a dead process left, the next call can finish.
"""

from datetime import timedelta

from chassis import faults

from .models import (
    HeldReservation,
    Line,
    NewReservation,
    OtherLines,
    PricedLine,
    Refused,
    Released,
    Reservation,
    State,
)
from .store import InventoryStore

STALE = timedelta(seconds=30)  # far beyond the time a request may work on a reservation
GRACE = timedelta(minutes=1)  # far beyond the few seconds in which a request may still arrive


async def reserve(order_id: str, new: NewReservation, store: InventoryStore) -> tuple[HeldReservation, bool]:
    """Return the held reservation and whether this call opened it. Raises Refused, Released, OtherLines."""
    if faults.on("inventory-n-plus-one"):
        for line in new.lines:  # the classic: a read per line, one after the other
            await store.raw_stock(line.sku)
    earlier = await store.open(order_id, new.lines)
    if earlier is None:
        return await _hold_all(order_id, new.lines, store), True
    if earlier.state in ("releasing", "cancelling", "released"):
        raise Released
    if earlier.lines != new.lines:
        raise OtherLines
    if earlier.state == "holding":  # somebody is at it, or died in it: every step can be done again
        return await _hold_all(order_id, new.lines, store), False
    return _answer(earlier), False


async def _hold_all(order_id: str, lines: list[Line], store: InventoryStore) -> HeldReservation:
    prices: dict[str, int] = {}
    for line in lines:
        price = await store.hold(order_id, line)
        if price is None:
            stock = await store.raw_stock(line.sku)
            if stock is None or f"{order_id}:hold" not in stock["marker_ids"]:
                available = stock["available"] if stock else None
                return await _refuse(order_id, lines, line.sku, available, store)
            price = stock["price_minor"]
        prices[line.sku] = price
    if await store.move(order_id, "holding", "held", prices=prices):
        return _held(order_id, lines, prices)
    return _answer(await store.find(order_id))  # decided by somebody else meanwhile


async def _refuse(
    order_id: str, lines: list[Line], sku: str, available: int | None, store: InventoryStore
) -> HeldReservation:
    """Settle that the order can't have its goods, give back what was held, and raise Refused."""
    reason = "unknown-sku" if available is None else "out-of-stock"
    fields = {"reason": reason, "sku": sku, "available": available}
    if await store.move(order_id, "holding", "refusing", **fields):
        await _undo(order_id, lines, store, surely_held=False)
        await store.move(order_id, "refusing", "refused")
        raise Refused(reason, sku, available)
    return _answer(await store.find(order_id))


async def release(order_id: str, store: InventoryStore) -> None:
    """Give the order's goods back, or see to it that they are never held. Call it as often as you like."""
    begin: dict[State, State] = {"held": "releasing", "holding": "cancelling"}
    while found := await store.bury(order_id):
        state = begin.get(found.state, found.state)
        if state == found.state or await store.move(order_id, found.state, state):
            await _finish(found.model_copy(update={"state": state}), store)
            return


async def _undo(order_id: str, lines: list[Line], store: InventoryStore, *, surely_held: bool) -> None:
    for line in lines:
        await store.undo(order_id, line, surely_held=surely_held)


async def _finish(found: Reservation, store: InventoryStore) -> None:
    """Do what the state says is decided; nothing where nothing is open."""
    match found.state:
        case "releasing" | "cancelling":
            sure = found.state == "releasing"
            await _undo(found.order_id, found.lines, store, surely_held=sure)
            await store.move(found.order_id, found.state, "released")
        case "refusing":
            await _undo(found.order_id, found.lines, store, surely_held=False)
            await store.move(found.order_id, "refusing", "refused")


async def sweep(store: InventoryStore, *, stale: timedelta = STALE, grace: timedelta = GRACE) -> None:
    """Finish what somebody died in, then forget the markers that no late request can need any more."""
    for found in await store.unfinished(untouched=stale):
        if found.state == "holding":
            try:
                await _hold_all(found.order_id, found.lines, store)
            except (Refused, Released):
                continue
        else:
            await _finish(found, store)
    if not await store.unfinished(age=grace):  # its markers would be needed to finish it
        await store.drop_markers(grace)


def _answer(found: Reservation) -> HeldReservation:
    """Turn a decided reservation into its answer: the held goods, or the refusal it was given before."""
    if found.state in ("refusing", "refused"):
        raise Refused(found.reason or "out-of-stock", found.sku or "", found.available)
    if found.state != "held":
        raise Released
    return _held(found.order_id, found.lines, found.prices)


def _held(order_id: str, lines: list[Line], prices: dict[str, int]) -> HeldReservation:
    priced = [PricedLine(**line.model_dump(), price_minor=prices[line.sku]) for line in lines]
    total = sum(line.price_minor * line.quantity for line in priced)
    return HeldReservation(order_id=order_id, lines=priced, total_minor=total)
