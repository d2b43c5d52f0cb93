"""From an order to its answer: fresh, or replayed for an Idempotency-Key that was used before."""

import math
from datetime import UTC, datetime

from chassis.problems import Problem
from fastapi import Response

from .models import NewOrder, Order

STATUS_OF_REASON = {"out-of-stock": 409, "unknown-sku": 422, "payment-declined": 402, "abandoned": 409}
DETAIL_OF_REASON = {
    "out-of-stock": "There are not enough pieces.",
    "unknown-sku": "There is no such product.",
    "payment-declined": "The payment was declined; the goods were given back.",
    "abandoned": "The order could not be completed; what was done of it was undone.",
}


def answer(order: Order, response: Response) -> Order:
    """Set status and Location for the order as it stands. Raises Problem for a rejected one."""
    if order.status == "rejected":
        reason = order.reason or ""
        raise Problem(
            STATUS_OF_REASON[reason],
            reason,
            DETAIL_OF_REASON[reason],
            headers=_replayed(response),
            order_id=order.id,
            trace_id=order.trace_id,
            **order.refusal,
        )
    response.status_code = 201 if order.status == "confirmed" else 202
    response.headers["Location"] = f"/orders/{order.id}"
    return order


def replay(order: Order, new: NewOrder, response: Response) -> Order:
    """Answer for the order this key was used for; `trace_id` is the original's. Raises Problem."""
    if order.fingerprint != new.fingerprint():
        raise Problem(422, "idempotency-key-reused", "This Idempotency-Key was used for another order.")
    response.headers["Idempotent-Replayed"] = "true"
    if order.status == "pending" and order.lease_until:
        left = (order.lease_until - datetime.now(UTC)).total_seconds()
        if left > 0:
            wait = {"Retry-After": str(math.ceil(left))}
            raise Problem(409, "order-in-flight", "This order is in work.", headers=wait, order_id=order.id)
    return answer(order, response)


def _replayed(response: Response) -> dict[str, str]:
    return {k: v for k, v in response.headers.items() if k == "idempotent-replayed"}
