"""Orders in MongoDB. Whoever works on an order holds its lease; the final write is conditional on it."""

from datetime import UTC, datetime, timedelta

from chassis.mongo import Database, Document, ping, reachable
from chassis.telemetry import untraced
from pymongo.errors import DuplicateKeyError

from .models import KeyTaken, Order, Status, utc_now

LEASE = timedelta(seconds=10)


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

    async def settle(self, order: Order) -> Order:
        """Write the outcome and give the lease back; return the order as it then stands.

        Where the lease was lost somebody else settles the order, and theirs is the outcome.
        """
        mine = {"_id": order.id, "status": "pending", "lease_owner": order.lease_owner}
        fields = ("status", "reason", "refusal", "total_minor", "currency")
        now = utc_now()
        change = {field: getattr(order, field) for field in fields}
        with reachable():
            result = await self._orders.update_one(
                mine, {"$set": change | {"lease_until": now, "updated_at": now}}
            )
        if result.matched_count:
            return order.model_copy(update={"updated_at": now, "lease_until": now})
        return await self.find(order.id) or order

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


def _to_document(order: Order, lease_until: datetime) -> Document:
    fields = {name: getattr(order, name) for name in type(order).model_fields}
    fields["lines"] = [line.model_dump() for line in order.lines]
    document = {"_id": fields.pop("id"), **fields, "lease_until": lease_until}
    if order.idempotency_key is None:
        del document["idempotency_key"]  # a sparse index leaves such orders out
    return document


def _to_order(document: Document) -> Order:
    return Order.model_validate({**document, "id": document["_id"]})
