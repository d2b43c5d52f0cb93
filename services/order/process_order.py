"""processOrder: reserve the stock, take the payment, give the stock back if the payment is declined.

Read the indentation: each `with` block is one span, nested here as it is nested in Jaeger.
HTTP calls and MongoDB commands get theirs from the instrumentors.
"""

import logging

from chassis.problems import Unavailable
from opentelemetry import trace

from .clients import InventoryClient, PaymentClient
from .models import Order, OutcomeUnknown, PaymentDeclined, Refused
from .store import OrderStore

log = logging.getLogger(__name__)
tracer = trace.get_tracer("order")


async def process_order(
    order: Order, store: OrderStore, inventory: InventoryClient, payment: PaymentClient
) -> Order:
    """Return the order settled, or still `pending` where a step's outcome is unknown.

    Raises Unavailable or KeyTaken when nothing was written.
    """
    with tracer.start_as_current_span("processOrder", record_exception=False) as span:
        span.set_attributes({"shop.order.id": order.id, "shop.order.lines": len(order.lines)})
        order = order.traced(span.get_span_context())
        await store.insert(order)
        try:
            order = await fulfil(order, inventory, payment)
        except OutcomeUnknown:
            log.warning("order %s stays pending: a step's outcome is unknown", order.id)
        try:
            order = await store.settle(order)
        except Unavailable:
            log.warning("order %s stays pending: its outcome could not be written", order.id)
            order = order.still_pending()
        span.set_attribute("shop.order.status", order.status)
        if order.total_minor is not None:
            span.set_attribute("shop.order.total_minor", order.total_minor)
        return order


async def fulfil(order: Order, inventory: InventoryClient, payment: PaymentClient) -> Order:
    """The saga. Every step may be repeated; a refusal paints its step red, not processOrder.

    Raises OutcomeUnknown.
    """
    try:
        with tracer.start_as_current_span("reserveInventory", record_exception=False):
            order = order.reserved(await inventory.reserve(order))

        with tracer.start_as_current_span("processPayment", record_exception=False):
            await payment.charge(order)

    except PaymentDeclined as refusal:
        # Compensation: undo reserveInventory. Look for this bar in a declined order's trace.
        with tracer.start_as_current_span("releaseInventory", record_exception=False):
            await inventory.release(order)
        return order.rejected(refusal)

    except Refused as refusal:  # nothing was reserved, so nothing is to undo
        return order.rejected(refusal)

    return order.confirmed()
