"""Payments in MongoDB: one document per order, its `_id` the order's id, so no order is charged twice."""

from typing import Any

from chassis.mongo import Database, Document, ping, reachable
from pymongo.errors import DuplicateKeyError

from .models import Payment


class PaymentStore:
    """Every method raises Unavailable when MongoDB does not answer."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._payments = db["payments"]

    async def check(self) -> str | None:
        return await ping(self._db)

    async def insert(self, payment: Payment) -> bool:
        """Store the payment; False when the order has one already."""
        try:
            with reachable():
                await self._payments.insert_one(_to_document(payment))
        except DuplicateKeyError:
            return False
        return True

    async def find(self, order_id: str) -> Payment | None:
        with reachable():
            return _to_payment(await self._payments.find_one({"_id": order_id}))

    async def void(self, order_id: str) -> None:
        """Void what was captured; where nothing was charged yet, leave a tombstone against the charge."""
        captured = {"_id": order_id, "status": "captured"}
        with reachable():
            if (await self._payments.update_one(captured, {"$set": {"status": "voided"}})).matched_count:
                return
        if not await self.insert(Payment(order_id=order_id, status="voided")):
            with reachable():  # a charge came in between, or the payment is declined or voided already
                await self._payments.update_one(captured, {"$set": {"status": "voided"}})


def _to_document(payment: Payment) -> Document:
    fields: dict[str, Any] = payment.model_dump(exclude_none=True)
    return {"_id": fields.pop("order_id"), **fields}


def _to_payment(document: Document | None) -> Payment | None:
    return Payment(order_id=document.pop("_id"), **document) if document else None
