"""Orders in MongoDB. Whoever works on an order holds its lease; the final write is conditional on it."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from chassis.mongo import Database, Document, ping, reachable
from chassis.telemetry import untraced
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from .models import KeyTaken, LeaseLost, Order, Status, utc_now

LEASE = timedelta(seconds=10)
OUTCOME = ("status", "reason", "refusal", "refusals", "total_minor", "currency")


class OrderStore:
    """Every method raises Unavailable when MongoDB does not answer."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._orders = db["orders"]
        self._prepared = False

    async def check(self) -> str | None:
        return await ping(self._db)

    async def prepare(self) -> None:
        """Create the indexes; one order per Idempotency-Key is what the unique one is for."""
        if not self._prepared:
            with untraced(), reachable():
                await self._orders.create_index("idempotency_key", unique=True, sparse=True)
                await self._orders.create_index([("created_at", 1), ("_id", 1)])
                await self._orders.create_index([("status", 1), ("created_at", 1), ("_id", 1)])
                await self._orders.create_index([("status", 1), ("lease_until", 1)])
            self._prepared = True

    async def has_orders(self) -> bool:
        with reachable():
            return await self._orders.find_one({}, {"_id": 1}) is not None

    async def insert(self, order: Order) -> None:
        """Write the new order with a lease on it. Raises KeyTaken."""
        try:
            with reachable():
                await self._orders.insert_one(_to_document(order, datetime.now(UTC) + LEASE))
        except DuplicateKeyError:
            raise KeyTaken from None

    async def decide(self, order: Order) -> Order:
        """Write down, before anything is undone, that it has to be: recovery goes on from there.

        Keeps the lease. Raises LeaseLost.
        """
        now = utc_now()
        if not await self._write_mine(order, OUTCOME, now, lease_until=now + LEASE):
            raise LeaseLost
        return order

    async def settle(self, order: Order) -> Order:
        """Write the outcome and give the lease back; return the order as it then stands.

        Where the lease was lost somebody else settles the order, and theirs is the outcome.
        """
        now = utc_now()
        # What is pending is left as it stands: a decision that was written is not to be forgotten.
        fields = ("refusals",) if order.status == "pending" else OUTCOME
        if await self._write_mine(order, fields, now, lease_until=now):
            return order.model_copy(update={"updated_at": now, "lease_until": now})
        return await self.find(order.id) or order

    async def _write_mine(
        self, order: Order, fields: tuple[str, ...], now: datetime, lease_until: datetime
    ) -> bool:
        mine = {"_id": order.id, "status": "pending", "lease_owner": order.lease_owner}
        change = {field: getattr(order, field) for field in fields}
        change |= {"updated_at": now, "lease_until": lease_until}
        with reachable():
            result = await self._orders.update_one(mine, {"$set": change})
        return result.matched_count == 1

    async def left_behind(self, *, until: datetime, limit: int) -> list[str]:
        """Ids of pending orders whose lease ran out before `until`, the longest ago first.

        Leaves no span: there are often none.
        """
        with untraced(), reachable():
            found = self._orders.find(_left(until), {"_id": 1}).sort("lease_until", 1).limit(limit)
            return [document["_id"] for document in await found.to_list(limit)]

    async def claim(self, order_id: str, *, until: datetime) -> Order | None:
        """Take over that order, or return None: somebody else, perhaps a second replica, was quicker."""
        mine = {"lease_owner": str(uuid4()), "lease_until": datetime.now(UTC) + LEASE}
        with untraced(), reachable():
            found = await self._orders.find_one_and_update(
                {"_id": order_id, **_left(until)}, {"$set": mine}, return_document=ReturnDocument.AFTER
            )
        return _to_order(found) if found else None

    async def count_pending(self, older_than: timedelta) -> int:
        """How many orders have been pending for that long; leaves no span."""
        old = {"status": "pending", "created_at": {"$lte": datetime.now(UTC) - older_than}}
        with untraced(), reachable():
            return await self._orders.count_documents(old)

    async def find(self, order_id: str) -> Order | None:
        with reachable():
            found = await self._orders.find_one({"_id": order_id})
        return _to_order(found) if found else None

    async def find_by_key(self, key: str) -> Order | None:
        with reachable():
            found = await self._orders.find_one({"idempotency_key": key})
        return _to_order(found) if found else None

    async def list(
        self, status: Status | None, older_than: timedelta, limit: int, after: str | None
    ) -> list[Order]:
        """Orders, oldest first, beginning behind the one named by `after`."""
        query: Document = {"created_at": {"$lte": datetime.now(UTC) - older_than}}
        if status:
            query["status"] = status
        if after and (last := await self.find(after)):
            query["$or"] = [
                {"created_at": {"$gt": last.created_at}},
                {"created_at": last.created_at, "_id": {"$gt": last.id}},
            ]
        with reachable():
            found = self._orders.find(query).sort([("created_at", 1), ("_id", 1)]).limit(limit)
            return [_to_order(document) for document in await found.to_list(limit)]


def _left(until: datetime) -> Document:
    return {"status": "pending", "lease_until": {"$lt": until}}


def _to_document(order: Order, lease_until: datetime) -> Document:
    fields = {name: getattr(order, name) for name in type(order).model_fields}
    fields["lines"] = [line.model_dump() for line in order.lines]
    document = {"_id": fields.pop("id"), **fields, "lease_until": lease_until}
    if order.idempotency_key is None:
        del document["idempotency_key"]  # a sparse index leaves such orders out
    return document


def _to_order(document: Document) -> Order:
    return Order.model_validate({**document, "id": document["_id"]})
