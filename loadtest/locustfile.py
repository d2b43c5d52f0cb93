"""Load as customers make it: most look around and buy, a few are refused.

Run it with `locust -f loadtest/locustfile.py`.
"""

import os
import random
import uuid
from typing import Any

from locust import FastHttpUser, between, task

INVENTORY = os.environ.get("INVENTORY_URL", "http://127.0.0.1:8001")
PLENTY = 10_000  # what is rarer may sell out while we run, and that would not be the shop's fault


class Customer(FastHttpUser):
    """One customer. The names of requests are constants, so the statistics stay a handful of lines."""

    host = os.environ.get("ORDER_URL", "http://127.0.0.1:8000")
    wait_time = between(0.5, 2)
    default_headers = {"baggage": "shop.synthetic=true"}  # noqa: RUF012  every span then says: made by a machine

    def on_start(self) -> None:
        """Come as one of fifty customers and read the catalogue, as the shop's front page does."""
        self.customer = f"customer-{random.randint(1, 50)}"
        with self.client.get(f"{INVENTORY}/stock", name="GET /stock", catch_response=True) as answer:
            items = answer.json()["items"] if answer.status_code == 200 else []
            self.skus = [item["sku"] for item in items if item["available"] >= PLENTY]
            if not self.skus:
                answer.failure(f"no goods to order: {answer.status_code}")
                self.skus = ["lamp"]

    @task(10)
    def browse(self) -> None:
        """Look at a product."""
        self.client.get(f"{INVENTORY}/stock/{random.choice(self.skus)}", name="GET /stock/{sku}")

    @task(8)
    def buy(self) -> None:
        """Buy one or two things."""
        skus = random.sample(self.skus, k=min(len(self.skus), random.choice((1, 1, 2))))
        lines = [{"sku": sku, "quantity": random.randint(1, 3)} for sku in skus]
        self._order("bought", 201, lines)

    @task(1)
    def be_declined(self) -> None:
        """Pay with a card that is refused: the goods are given back."""
        method = random.choice(("pm_card_declined", "pm_card_insufficient_funds"))
        self._order("declined", 402, [{"sku": self.skus[0], "quantity": 1}], method=method)

    @task(1)
    def find_it_sold_out(self) -> None:
        """Want what is never there."""
        self._order("out of stock", 409, [{"sku": "unicorn", "quantity": 1}])

    @task(1)
    def send_twice(self) -> None:
        """Press the button twice: the second answer is the first one again."""
        key, lines = str(uuid.uuid4()), [{"sku": self.skus[0], "quantity": 1}]
        first = self._order("bought", 201, lines, key=key)
        again = self._order("replayed", 201, lines, key=key)
        if first and again and first != again:
            self.environment.events.request.fire(
                request_type="CHECK",
                name="a replay is the same order",
                response_time=0,
                response_length=0,
                exception=AssertionError(f"{first} became {again}"),
                context={},
            )

    def _order(
        self, name: str, expected: int, lines: list[dict[str, Any]], method: str = "pm_card_ok", key: str = ""
    ) -> str | None:
        """Place an order; any answer but the expected one is a failure. Return its id if it was confirmed."""
        body = {"customer_id": self.customer, "lines": lines, "payment_method": method}
        headers = {"idempotency-key": key} if key else {}
        with self.client.post(
            "/orders", json=body, headers=headers, name=f"POST /orders, {name}", catch_response=True
        ) as answer:
            if answer.status_code != expected:
                answer.failure(f"{answer.status_code} instead of {expected}")
                return None
            answer.success()  # a refusal that was asked for
            return str(answer.json()["id"]) if expected == 201 else None
