"""order's HTTP face: what each outcome is as a status code."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from chassis import http, mongo, telemetry
from chassis.app import make_app
from chassis.background import every
from chassis.problems import Problem
from fastapi import FastAPI, Header, Query, Request, Response

from .answers import answer, replay
from .clients import InventoryClient, PaymentClient
from .customers import tier_of
from .first_order import first_order
from .metrics import count_order, watch_circuits
from .models import KeyTaken, NewOrder, Order, Status
from .process_order import process_order
from .recover_order import recover_orders
from .settings import OrderSettings
from .store import OrderStore

settings = OrderSettings()
telemetry.set_up()
IdempotencyKey = Annotated[str | None, Header(pattern="^[!-~ ]{1,255}$")]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with (
        mongo.database("order", settings) as db,
        http.client(settings.inventory_url, settings, ours=True) as to_inventory,
        http.client(settings.payment_url, settings, ours=True) as to_payment,
    ):
        inventory = http.Dependency("inventory", to_inventory, settings)
        payment = http.Dependency("payment", to_payment, settings)
        watch_circuits(inventory, payment)
        shop = app.state
        shop.store = OrderStore(db)
        shop.inventory, shop.payment = InventoryClient(inventory), PaymentClient(payment)
        shop.check = shop.store.check

        async def recover() -> None:
            await recover_orders(shop.store, shop.inventory, shop.payment)

        async with (
            every(5.0, shop.store.prepare),
            every(1.0, recover),
            first_order(app, wanted=settings.first_order),
        ):
            yield


app = make_app("order", lifespan, settings, edge=True)


@app.post("/orders", status_code=201)
async def post_order(
    new: NewOrder, request: Request, response: Response, idempotency_key: IdempotencyKey = None
) -> Order:
    """Place an order: 201 confirmed, 202 pending, 402, 409 or 422 rejected."""
    shop = request.app.state
    # Look for the key before inserting: a replay is no failure and must not paint the trace red.
    if idempotency_key and (earlier := await shop.store.find_by_key(idempotency_key)):
        return replay(earlier, new, response)
    order = Order.pending(new, idempotency_key)
    try:
        with telemetry.carry("shop.customer.tier", tier_of(order.customer_id)):
            order = await process_order(order, shop.store, shop.inventory, shop.payment)
    except KeyTaken:
        return replay(await shop.store.find_by_key(idempotency_key), new, response)
    count_order(order.status)
    return answer(order, response)


@app.get("/orders/{order_id}")
async def get_order(order_id: UUID, request: Request) -> Order:
    """One order as it stands."""
    order: Order | None = await request.app.state.store.find(str(order_id))
    if order is None:
        raise Problem(404, "not-found", "No such order.")
    return order


@app.get("/orders")
async def get_orders(
    request: Request,
    status: Status | None = None,
    older_than: Annotated[int, Query(ge=0, le=315_360_000, description="seconds")] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    after: UUID | None = None,
) -> dict[str, list[Order]]:
    """Orders, oldest first; `after` is the id of the last one seen."""
    age, last = timedelta(seconds=older_than), str(after) if after else None
    return {"items": await request.app.state.store.list(status, age, limit, last)}
