"""A client of the shop for the tools: places orders of every kind, as somebody from outside."""

from dataclasses import dataclass
from typing import Any

import httpx

from .tracecheck import CannotCheck

# kind: (sku, payment method, what its trace shows, services in it)
KINDS = {
    "confirmed": ("lamp", "pm_card_ok", "reserve, pay, confirm"),
    "out of stock": ("unicorn", "pm_card_ok", "the step is red, the order is rejected"),
    "declined": ("lamp", "pm_card_declined", "the goods are given back: releaseInventory"),
}
SEAT = {"baggage": "shop.seat=make"}  # somebody waits for this trace: tail sampling keeps it


@dataclass(frozen=True)
class Placed:
    """What came of an order, and where its trace is."""

    status_code: int
    trace_id: str
    sampled: bool
    document: dict[str, Any]

    @property
    def title(self) -> str:
        return str(self.document.get("status") if self.status_code < 400 else self.document["title"])


def place(url: str, sku: str, quantity: int, method: str, key: str | None = None) -> Placed:
    """Post one order. Raises CannotCheck when `order` does not answer as it should."""
    body = {
        "customer_id": "customer-1",
        "lines": [{"sku": sku, "quantity": quantity}],
        "payment_method": method,
    }
    try:
        headers = SEAT | ({"idempotency-key": key} if key else {})
        answer = httpx.post(f"{url}/orders", json=body, headers=headers, timeout=20)
    except httpx.HTTPError as error:
        raise CannotCheck(f"order does not answer at {url} ({type(error).__name__}); `make up`?") from error
    trace = answer.headers.get("traceresponse", "").split("-")
    if len(trace) != 4:
        raise CannotCheck(
            f"order answered {answer.status_code} without `traceresponse`: tracing is off there "
            f"(OTEL_SDK_DISABLED?), or {url} is not order"
        )
    return Placed(answer.status_code, trace[1], bool(int(trace[3], 16) & 1), answer.json())
