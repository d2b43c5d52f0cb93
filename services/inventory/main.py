"""inventory's HTTP face: what each outcome is as a status code."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated
from uuid import UUID

from chassis import faults, mongo, telemetry
from chassis.app import make_app
from chassis.background import every
from chassis.problems import Problem
from chassis.settings import Settings
from fastapi import FastAPI, Header, Request, Response

from .models import (
    HeldReservation,
    NewReservation,
    OtherLines,
    Receipt,
    Refused,
    Released,
    Sku,
    Stock,
)
from .reservations import release, reserve, sweep
from .store import InventoryStore

settings = Settings()
telemetry.set_up()
CATALOGUE = json.loads((Path(__file__).parent / "catalogue.json").read_text())
SWEEP_SECONDS = 5.0


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with mongo.database("inventory", settings) as db:
        store = app.state.store = InventoryStore(db)
        app.state.check = store.check

        async def keep_house() -> None:
            with telemetry.untraced():
                if not await store.seeded(CATALOGUE):
                    await store.prepare(CATALOGUE)
                await sweep(store)

        async with every(SWEEP_SECONDS, keep_house):
            yield


app = make_app("inventory", lifespan, settings)


@app.put("/reservations/{order_id}", status_code=201)
async def put_reservation(
    order_id: UUID, new: NewReservation, request: Request, response: Response
) -> HeldReservation:
    """Reserve all lines or none: 201 held, 200 held before, 409 or 422 when it can't be."""
    await faults.pause("inventory-slow")
    try:
        async with (
            faults.lose_answer("lost-response"),  # the work is done, and the caller never hears of it
            faults.queue("inventory-pool-of-one"),  # everybody waits for the same connection
        ):
            held, first = await reserve(str(order_id), new, request.app.state.store)
    except Refused as refusal:
        status = 422 if refusal.reason == "unknown-sku" else 409
        detail = f"{refusal.sku}: {refusal.reason.replace('-', ' ')}."
        raise Problem(status, refusal.reason, detail, sku=refusal.sku, available=refusal.available) from None
    except OtherLines:
        raise Problem(
            422, "idempotency-key-reused", "This order has a reservation already, for other lines."
        ) from None
    except Released:
        raise Problem(409, "reservation-released", "The reservation of this order was given back.") from None
    response.status_code = 201 if first else 200
    return held


@app.delete("/reservations/{order_id}", status_code=204)
async def delete_reservation(order_id: UUID, request: Request) -> None:
    """Give the goods back; before the reservation too, and as often as you like."""
    async with faults.lose_answer("lost-response"):
        await release(str(order_id), request.app.state.store)


@app.get("/stock")
async def get_all_stock(request: Request) -> dict[str, list[Stock]]:
    """Every product with its pieces."""
    return {"items": await request.app.state.store.all_stock()}


@app.get("/stock/{sku}")
async def get_stock(sku: Sku, request: Request) -> Stock:
    """One product with its pieces."""
    return _found(await request.app.state.store.stock(sku))


@app.post("/stock/{sku}/receipts", status_code=201)
async def post_receipt(
    sku: Sku,
    receipt: Receipt,
    request: Request,
    idempotency_key: Annotated[str | None, Header(pattern="^[!-~ ]{1,255}$")] = None,
) -> Stock:
    """Goods came in. With an Idempotency-Key they are counted once."""
    store: InventoryStore = request.app.state.store
    return _found(await store.receive(sku, receipt.quantity, idempotency_key))


def _found(stock: Stock | None) -> Stock:
    if stock is None:
        raise Problem(404, "not-found", "No such product.")
    return stock
