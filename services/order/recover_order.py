"""recoverOrder: finish what somebody died in, or could not know the outcome of.

Each recovery is a trace of its own that links to the order's first one: look for "References" in Jaeger.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable
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
AT_ONCE = 16  # one after the other would take minutes after a long outage, all at once would flood the others
MOST_A_ROUND = 500


async def recover_orders(store: OrderStore, inventory: InventoryClient, payment: PaymentClient) -> None:
    """Finish the pending orders nobody works on, several at a time. Raises Unavailable.

    Unknown outcomes end the round: the dependency is still away, and the others would fare no better.
    """
    began, unknown = utc_now(), 0
    left = deque(await store.left_behind(until=began, limit=MOST_A_ROUND))
    any_left = bool(left)

    async def finish_one() -> None:
        nonlocal unknown
        known = await _finish(store.claim(left.popleft(), until=began), store, inventory, payment)
        unknown += not known  # on a line of its own: `+=` would read before it waits

    async def work() -> None:
        while left and unknown < MOST_UNKNOWN:
            await finish_one()

    if left:
        await finish_one()  # first one alone: is what it needs there again?
    if not unknown:
        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    # What is overdue was left behind; if nothing was, there is nothing to count, once a second, all day.
    set_overdue(await store.count_pending(BOUND) if any_left else 0)


async def _finish(
    claim: Awaitable[Order | None], store: OrderStore, inventory: InventoryClient, payment: PaymentClient
) -> bool:
    """Return whether everybody asked gave an answer; also where the order is somebody else's business."""
    try:
        if (claimed := await claim) is None:
            return True
        with carry("shop.customer.tier", tier_of(claimed.customer_id)):
            order = await recover_order(claimed, store, inventory, payment)
    except Unavailable:
        return False
    return order.status != "pending" or order.refusals > claimed.refusals


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
