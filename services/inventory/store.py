"""Stock and reservations in MongoDB, changed only by conditional updates of one document: no transactions."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.mongo import Database, Document, ping, reachable
from chassis.telemetry import untraced
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from .models import Line, Reservation, State, Stock

UNFINISHED: list[State] = ["holding", "refusing", "releasing", "cancelling"]


class InventoryStore:
    """Every method raises Unavailable when MongoDB does not answer.

    A stock document carries *markers*, `<order>:hold` and `<order>:undo`: proof that this order's step was
    done on it, set in the same write that moves the pieces. So no step can be done twice.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._stock = db["stock"]
        self._reservations = db["reservations"]

    async def check(self) -> str | None:
        return await ping(self._db)

    async def prepare(self, catalogue: list[dict[str, Any]]) -> None:
        """Seed what is not there yet and create the index; may run as often as it likes."""
        with untraced(), reachable():
            for item in catalogue:
                pieces = item["quantity"]
                fields = {k: v for k, v in item.items() if k not in ("sku", "quantity")}
                seed = {
                    **fields,
                    "available": pieces,
                    "reserved": 0,
                    "received": pieces,
                    "markers": [],
                }
                await self._stock.update_one({"_id": item["sku"]}, {"$setOnInsert": seed}, upsert=True)
            await self._reservations.create_index([("state", 1), ("updated_at", 1)])

    async def seeded(self, catalogue: list[dict[str, Any]]) -> bool:
        with untraced(), reachable():
            return await self._stock.count_documents({}) >= len(catalogue)

    # Reservations: the state machine

    async def open(self, order_id: str, lines: list[Line]) -> Reservation | None:
        """Start a reservation as `holding` and return None; return the one that is there already."""
        new = {
            "state": "holding",
            "lines": [line.model_dump() for line in lines],
            **_now("created_at"),
        }
        return await self._insert_or_get(order_id, new)

    async def bury(self, order_id: str) -> Reservation | None:
        """Leave a tombstone, `released` before it began, and return None; return the one that is there."""
        new = {"state": "released", "lines": [], **_now("created_at")}
        return await self._insert_or_get(order_id, new)

    async def _insert_or_get(self, order_id: str, new: Document) -> Reservation | None:
        upsert = {"$setOnInsert": new | _now("updated_at")}
        with reachable():
            try:
                there = await self._reservations.find_one_and_update(
                    {"_id": order_id}, upsert, upsert=True, return_document=ReturnDocument.BEFORE
                )
            except DuplicateKeyError:  # two upserts raced; the other one won
                return await self.find(order_id)
        return _to_reservation(there) if there else None

    async def move(self, order_id: str, old: State, new: State, **fields: Any) -> bool:
        """Take the reservation from one state to the next; False when it was not in `old` any more."""
        change = {"$set": {"state": new, **fields, **_now("updated_at")}}
        with reachable():
            result = await self._reservations.update_one({"_id": order_id, "state": old}, change)
        return result.matched_count == 1

    async def find(self, order_id: str) -> Reservation:
        with reachable():
            found = await self._reservations.find_one({"_id": order_id})
        assert found is not None  # reservations are never deleted
        return _to_reservation(found)

    async def unfinished(
        self, *, untouched: timedelta = timedelta(), age: timedelta = timedelta()
    ) -> list[Reservation]:
        """Reservations in the middle of the work, of at least that age and untouched for that long."""
        now = datetime.now(UTC)
        query = {
            "state": {"$in": UNFINISHED},
            "updated_at": {"$lte": now - untouched},
            "created_at": {"$lte": now - age},
        }
        with reachable():
            found = await self._reservations.find(query).sort("updated_at", 1).to_list(100)
        return [_to_reservation(document) for document in found]

    # Stock: pieces and markers, moved in one write

    async def hold(self, order_id: str, line: Line) -> int | None:
        """Hold the line once and return its price (minor units); None when it can't be, or was before."""
        free = {
            "_id": line.sku,
            "available": {"$gte": line.quantity},
            "markers.id": {"$nin": [f"{order_id}:hold", f"{order_id}:undo"]},
        }
        stock = await self._shift(free, -line.quantity, f"{order_id}:hold")
        return stock["price_minor"] if stock else None

    async def undo(self, order_id: str, line: Line, *, surely_held: bool) -> None:
        """Give the line back once, if it was held, and block a late `hold` of it for good.

        `surely_held`: the reservation had reached `held`; its hold marker may have been swept since.
        """
        undone = f"{order_id}:undo"
        held: list[Document] = [{"_id": line.sku}, {"markers.id": {"$ne": undone}}]
        if not surely_held:
            held.append({"markers.id": f"{order_id}:hold"})
        while True:
            if await self._shift({"$and": held}, line.quantity, undone):
                return
            not_held = {"_id": line.sku, "markers.id": {"$nin": [undone, f"{order_id}:hold"]}}
            if await self._shift(not_held, 0, undone):
                return
            if (stock := await self.raw_stock(line.sku)) is None or undone in stock["marker_ids"]:
                return  # unknown sku, or undone before

    async def _shift(self, condition: Document, pieces: int, marker: str) -> Document | None:
        """Move pieces between reserved and available and set the marker, in one write."""
        change = {
            "$inc": {"available": pieces, "reserved": -pieces},
            "$push": {"markers": {"id": marker, "at": datetime.now(UTC)}},
        }
        with reachable():
            found: Document | None = await self._stock.find_one_and_update(
                condition, change, projection={"price_minor": 1}
            )
        return found

    async def raw_stock(self, sku: str) -> Document | None:
        """The stock document, with the ids of its markers as `marker_ids`."""
        with reachable():
            found = await self._stock.find_one({"_id": sku})
        return found | {"marker_ids": {marker["id"] for marker in found["markers"]}} if found else None

    async def receive(self, sku: str, quantity: int, key: str | None) -> Stock | None:
        """Add goods once per key; return the stock as it is then, None for an unknown sku."""
        digest = hashlib.sha256((key or "").encode()).hexdigest()[:32]  # short, and not a client's text
        marker = {"id": f"{digest}:receipt", "at": datetime.now(UTC)}
        change: Document = {"$inc": {"available": quantity, "received": quantity}}
        if key is not None:
            change["$push"] = {"markers": marker}
        with reachable():
            condition = {"_id": sku, "markers.id": {"$ne": marker["id"]}}
            await self._stock.update_one(condition, change)
        return await self.stock(sku)

    async def stock(self, sku: str) -> Stock | None:
        with reachable():
            found = await self._stock.find_one({"_id": sku}, {"markers": 0})
        return _to_stock(found) if found else None

    async def all_stock(self) -> list[Stock]:
        with reachable():
            return [
                _to_stock(found)
                for found in await self._stock.find({}, {"markers": 0}).sort("_id", 1).to_list(1000)
            ]

    async def drop_markers(self, older_than: timedelta) -> None:
        """Forget markers nobody can need any more."""
        old = {"markers": {"at": {"$lt": datetime.now(UTC) - older_than}}}
        with reachable():
            await self._stock.update_many({}, {"$pull": old})


def _now(field: str) -> Document:
    return {field: datetime.now(UTC)}


def _to_reservation(document: Document) -> Reservation:
    return Reservation.model_validate({**document, "order_id": document["_id"]})


def _to_stock(document: Document) -> Stock:
    return Stock.model_validate({**document, "sku": document["_id"]})
