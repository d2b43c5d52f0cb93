"""recoverOrder: finish what somebody died in, or could not know the outcome of.

Each recovery is a trace of its own that links to the order's first one: look for "References" in Jaeger.
"""

import logging
from datetime import timedelta

from chassis.problems import Unavailable
from chassis.telemetry import carry
from opentelemetry import trace

from .clients import InventoryClient, PaymentClient
from .customers import tier_of
from .metrics import count_recovered, set_overdue
from .models import DefinitelyRefused, Order, OutcomeUnknown, Refused, utc_now
from .process_order import fulfil, undo
from .store import OrderStore

log = logging.getLogger(__name__)
tracer = trace.get_tracer("order")

BOUND = timedelta(seconds=30)  # what is pending for longer is worth a look
MOST_REFUSALS = 5
MOST_UNKNOWN = 3


async def recover_orders(store: OrderStore, inventory: InventoryClient, payment: PaymentClient) -> None:
    """Finish, one after the other, the pending orders nobody works on. Raises Unavailable.

    A few unknown outcomes end the round: the dependency is still away, and the others would fare no better.
    """
    began, unknown = utc_now(), 0
    while unknown < MOST_UNKNOWN and (order := await store.claim(until=began)):
        with carry("shop.customer.tier", tier_of(order.customer_id)):
            order = await recover_order(order, store, inventory, payment)
        unknown += order.status == "pending"
    set_overdue(await store.count_pending(BOUND))


async def recover_order(
    order: Order, store: OrderStore, inventory: InventoryClient, payment: PaymentClient
) -> Order:
    """Return the claimed order settled, or still pending for the next round. Raises Unavailable."""
    links = [trace.Link(order.span)] if order.span else []
    with tracer.start_as_current_span("recoverOrder", links=links, record_exception=False) as span:
        span.set_attribute("shop.order.id", order.id)
        try:
            order = await _go_on(order, store, inventory, payment)
        except (OutcomeUnknown, Unavailable):
            log.warning("order %s stays pending: a step's outcome is unknown", order.id)
        order = await store.settle(order)
        span.set_attribute("shop.order.status", order.status)
        count_recovered(order.status)
        return order


async def _go_on(
    order: Order, store: OrderStore, inventory: InventoryClient, payment: PaymentClient
) -> Order:
    """Drive the order forward; what can't be, however often it is tried, is undone."""
    try:
        return await fulfil(order, store, inventory, payment)
    except DefinitelyRefused as error:
        log.warning("order %s was refused: %s", order.id, error)
    order = order.refused_again()
    if order.refusals < MOST_REFUSALS:
        return order
    return await undo(await store.decide(order.refused(Refused("abandoned"))), inventory, payment)
