"""The first start places one order of its own, so that Jaeger is not empty when somebody looks."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from chassis import http
from chassis.telemetry import untraced
from fastapi import FastAPI

from .models import Line, NewOrder

log = logging.getLogger(__name__)
ORDER = NewOrder(customer_id="customer-1", lines=[Line(sku="lamp", quantity=1)], payment_method="pm_card_ok")
# The key keeps several replicas from placing one each; the baggage marks it as made by a machine.
HEADERS = {"idempotency-key": "the first order", "baggage": "shop.synthetic=true"}


@contextlib.asynccontextmanager
async def first_order(app: FastAPI, *, wanted: bool) -> AsyncIterator[None]:
    """Place it in the background once everything answers; nothing where it is not wanted or orders exist."""
    task = asyncio.create_task(_place(app)) if wanted else None
    try:
        yield
    finally:
        if task:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _place(app: FastAPI) -> None:
    while not await _is_placed(app):  # noqa: ASYNC110 - other processes; there is nobody to set an event
        await asyncio.sleep(0.5)


async def _is_placed(app: FastAPI) -> bool:
    """Place it if there is no order yet and everything answers; False where it has to be tried again."""
    shop = app.state
    try:
        with untraced():
            if await shop.check() or not (await shop.inventory.ready() and await shop.payment.ready()):
                return False
            if await shop.store.has_orders():
                return True
        async with http.inside(app) as client:  # through the front door: its trace begins like any other
            answer = await client.post("/orders", json=ORDER.model_dump(), headers=HEADERS)
    except Exception:
        log.exception("the first order failed, trying again")
        return False
    log.info("placed the first order: %s", answer.status_code)
    return answer.status_code < 500
