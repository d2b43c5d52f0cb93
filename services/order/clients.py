"""order's calls to inventory and payment: a status code becomes a result, a refusal, or «unknown»."""

from typing import Any, TypeVar

import httpx
from chassis.http import Dependency, NoAnswer
from opentelemetry import trace

from .models import DefinitelyRefused, Order, OutcomeUnknown, PaymentDeclined, Refused, Reservation

E = TypeVar("E", bound=Exception)


class InventoryClient:
    """inventory's API. Every method raises OutcomeUnknown when it got no answer to rely on."""

    def __init__(self, inventory: Dependency) -> None:
        self._inventory = inventory

    async def ready(self) -> bool:
        return await self._inventory.ready()

    async def reserve(self, order: Order) -> Reservation:
        """Reserve all lines of the order or none; again is the same. Raises Refused."""
        body = {"lines": [line.model_dump() for line in order.lines]}
        answer = await _call(self._inventory, "PUT", f"/reservations/{order.id}", body)
        if answer.status_code in (200, 201):
            return Reservation.model_validate_json(answer.content)
        problem = _problem(answer)
        if problem["type"] in ("/problems/out-of-stock", "/problems/unknown-sku"):
            if problem["type"] == "/problems/out-of-stock":  # an unknown one is what the client wrote
                trace.get_current_span().set_attribute("shop.inventory.sku", str(problem["sku"]))
            facts = {key: problem[key] for key in ("sku", "available") if key in problem}
            refusal = Refused(problem["type"].removeprefix("/problems/"), **facts)
            raise _red(refusal, refusal.reason)
        raise _unexpected(answer)

    async def release(self, order: Order) -> None:
        """Give the order's goods back; again is the same."""
        answer = await _call(self._inventory, "DELETE", f"/reservations/{order.id}")
        if answer.status_code != 204:
            raise _unexpected(answer)


class PaymentClient:
    """payment's API. Every method raises OutcomeUnknown when it got no answer to rely on."""

    def __init__(self, payment: Dependency) -> None:
        self._payment = payment

    async def ready(self) -> bool:
        return await self._payment.ready()

    async def charge(self, order: Order) -> None:
        """Charge the order's total; again is the same. Raises PaymentDeclined."""
        body = {
            "order_id": order.id,
            "amount_minor": order.total_minor,
            "currency": order.currency,
            "payment_method": order.payment_method,
        }
        step = trace.get_current_span()
        answer = await _call(self._payment, "POST", "/payments", body)
        if answer.status_code in (200, 201):
            step.set_attribute("shop.payment.outcome", "captured")
        elif answer.status_code == 402:
            step.set_attribute("shop.payment.outcome", "declined")
            raise _red(PaymentDeclined("payment-declined"), "payment-declined")
        else:
            raise _unexpected(answer)

    async def void(self, order: Order) -> None:
        """Give the money back, or see to it that it is never taken; again is the same."""
        answer = await _call(self._payment, "DELETE", f"/payments/{order.id}")
        if answer.status_code != 204:
            raise _unexpected(answer)


async def _call(service: Dependency, method: str, path: str, json: object = None) -> httpx.Response:
    try:
        return await service.call(method, path, json)
    except NoAnswer as error:
        raise _red(OutcomeUnknown(error.why), error.why) from error


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        found = None
    return found if isinstance(found, dict) and "type" in found else {"type": "about:blank"}


def _unexpected(answer: httpx.Response) -> DefinitelyRefused:
    kind = str(_problem(answer)["type"])
    known = ("/problems/reservation-released", "/problems/payment-voided", "/problems/idempotency-key-reused")
    why = kind.removeprefix("/problems/") if kind in known else f"http_{answer.status_code}"
    return _red(DefinitelyRefused(why), why)


def _red(error: E, why: str) -> E:
    """Say on the step why it is red. Its span is current here: the CLIENT spans of its tries have ended."""
    trace.get_current_span().set_attribute("error.type", why)
    return error
