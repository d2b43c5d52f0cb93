"""payment's HTTP face: what each outcome is as a status code."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from chassis import faults, mongo, telemetry
from chassis.app import make_app
from chassis.problems import Problem
from chassis.settings import Settings
from fastapi import FastAPI, Request, Response

from .models import Charge, OtherCharge, Payment, Voided
from .payments import charge_once
from .store import PaymentStore

settings = Settings()
telemetry.set_up()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with mongo.database("payment", settings) as db:
        app.state.store = PaymentStore(db)
        app.state.check = app.state.store.check
        yield


app = make_app("payment", lifespan, settings)


@app.post("/payments", status_code=201)
async def post_payment(charge: Charge, request: Request, response: Response) -> Payment:
    """Charge an order: 201 captured, 200 captured before, 402 declined."""
    await faults.pause("payment-slow")
    if faults.strikes("payment-fails"):  # before any work is done, as a crash at the door
        raise Problem(500, "", "A fault that was asked for: see `make faults`.")
    try:
        async with faults.lose_answer("lost-response"):  # the work is done, and the caller never hears of it
            payment, new = await charge_once(charge, request.app.state.store)
    except OtherCharge:
        raise Problem(
            422,
            "idempotency-key-reused",
            "This order has a charge already, and it is for something else.",
        ) from None
    except Voided:
        raise Problem(409, "payment-voided", "The payment of this order was voided.") from None
    if payment.status == "declined":
        raise Problem(402, "payment-declined", "The payment was declined.", order_id=payment.order_id)
    response.status_code = 201 if new else 200
    return payment


@app.get("/payments/{order_id}")
async def get_payment(order_id: UUID, request: Request) -> Payment:
    """What became of an order's charge."""
    payment: Payment | None = await request.app.state.store.find(str(order_id))
    if payment is None:
        raise Problem(404, "not-found", "No payment for this order.")
    return payment


@app.delete("/payments/{order_id}", status_code=204)
async def delete_payment(order_id: UUID, request: Request) -> None:
    """Void an order's payment; before the charge too, and as often as you like."""
    async with faults.lose_answer("lost-response"):
        await request.app.state.store.void(str(order_id))
