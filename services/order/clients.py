"""order's calls to inventory and payment: a status code becomes a result, a refusal, or «unknown»."""

from typing import Any

import httpx
from chassis.http import is_ready
from opentelemetry import trace

from .models import Order, OutcomeUnknown, PaymentDeclined, Refused, Reservation


class InventoryClient:
    """inventory's API. Every method raises OutcomeUnknown when it got no answer to rely on."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def ready(self) -> bool:
        return await is_ready(self._http)

    async def reserve(self, order: Order) -> Reservation:
        """Reserve all lines of the order or none; again is the same. Raises Refused."""
        body = {"lines": [line.model_dump() for line in order.lines]}
        answer = await _call(self._http, "PUT", f"/reservations/{order.id}", json=body)
        if answer.status_code in (200, 201):
            return Reservation.model_validate_json(answer.content)
        problem = _problem(answer)
        if problem["type"] in ("/problems/out-of-stock", "/problems/unknown-sku"):
            trace.get_current_span().set_attribute("shop.inventory.sku", str(problem["sku"]))
            facts = {key: problem[key] for key in ("sku", "available") if key in problem}
            raise _refusal(Refused(problem["type"].removeprefix("/problems/"), **facts))
        raise _unknown(f"http_{answer.status_code}")

    async def release(self, order: Order) -> None:
        """Give the order's goods back; again is the same."""
        answer = await _call(self._http, "DELETE", f"/reservations/{order.id}")
        if answer.status_code != 204:
            raise _unknown(f"http_{answer.status_code}")


class PaymentClient:
    """payment's API. Every method raises OutcomeUnknown when it got no answer to rely on."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def ready(self) -> bool:
        return await is_ready(self._http)

    async def charge(self, order: Order) -> None:
        """Charge the order's total; again is the same. Raises PaymentDeclined."""
        body = {
            "order_id": order.id,
            "amount_minor": order.total_minor,
            "currency": order.currency,
            "payment_method": order.payment_method,
        }
        step = trace.get_current_span()
        answer = await _call(self._http, "POST", "/payments", json=body)
        if answer.status_code in (200, 201):
            step.set_attribute("shop.payment.outcome", "captured")
        elif answer.status_code == 402:
            step.set_attribute("shop.payment.outcome", "declined")
            raise _refusal(PaymentDeclined("payment-declined"))
        else:
            raise _unknown(f"http_{answer.status_code}")


async def _call(http: httpx.AsyncClient, method: str, path: str, **kwargs: Any) -> httpx.Response:
    try:
        answer = await http.request(method, path, **kwargs)
    except httpx.HTTPError as error:
        raise _unknown(type(error).__name__) from error
    if answer.status_code >= 500:
        raise _unknown(f"http_{answer.status_code}")
    return answer


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        found = None
    return found if isinstance(found, dict) and "type" in found else {"type": "about:blank"}


# The step's span is current here (the call's CLIENT span has ended): say on it why it is red.


def _refusal(refusal: Refused) -> Refused:
    trace.get_current_span().set_attribute("error.type", refusal.reason)
    return refusal


def _unknown(why: str) -> OutcomeUnknown:
    trace.get_current_span().set_attribute("error.type", why)
    return OutcomeUnknown(why)
