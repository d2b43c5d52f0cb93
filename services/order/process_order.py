"""processOrder: reserve the stock, take the payment, undo what was done if it can't be.

Read the indentation: each `with` block is one span, nested here as it is nested in Jaeger.
HTTP calls and MongoDB commands get theirs from the instrumentors.
"""

import logging

from chassis.problems import Unavailable
from opentelemetry import trace

from .clients import InventoryClient, PaymentClient
from .metrics import count_compensation
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
            order = await fulfil(order, store, inventory, payment)
        except (OutcomeUnknown, Unavailable):
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


async def fulfil(
    order: Order, store: OrderStore, inventory: InventoryClient, payment: PaymentClient
) -> Order:
    """The saga. Every step may be repeated; a refusal paints its step red, not processOrder.

    Raises OutcomeUnknown, or Unavailable where MongoDB does not answer.
    """
    if not order.to_undo:
        try:
            with tracer.start_as_current_span("reserveInventory", record_exception=False):
                order = order.reserved(await inventory.reserve(order))

            with tracer.start_as_current_span("processPayment", record_exception=False):
                await payment.charge(order)

            return order.confirmed()

        except PaymentDeclined as refusal:
            # Written down before anything is undone: who takes over from here must not begin anew.
            order = await store.decide(order.refused(refusal))

        except Refused as refusal:  # nothing was reserved, so nothing is to undo
            return order.refused(refusal).rejected()

    return await undo(order, inventory, payment)


async def undo(order: Order, inventory: InventoryClient, payment: PaymentClient) -> Order:
    """Compensation: undo the steps, the last one first. Look for these bars in a declined order's trace.

    Raises OutcomeUnknown.
    """
    if order.reason != "payment-declined":  # then nothing was taken
        with tracer.start_as_current_span("voidPayment", record_exception=False):
            await payment.void(order)

    with tracer.start_as_current_span("releaseInventory", record_exception=False):
        await inventory.release(order)

    count_compensation(order.reason or "")
    return order.rejected()
