"""What customers do, and how often: most look around and buy, a few are refused."""

import os
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gevent
from locust.contrib.fasthttp import FastHttpSession
from traced import Trip, trip

INVENTORY = os.environ.get("INVENTORY_URL", "http://127.0.0.1:8001")
PLENTY = 50_000  # what is rarer may sell out while we run, not by the shop's fault: half an hour takes 21,000
POLLS, PAUSE = 40, 0.5
"""How often somebody who got a 202 asks how the order stands, and seconds between two times."""
FINAL = {201: "confirmed", 402: "rejected", 409: "rejected"}


@dataclass
class Customer:
    """One of fifty; `skus` are the goods that will not run out."""

    client: FastHttpSession
    name: str
    skus: list[str]

    @classmethod
    def arrives(cls, client: FastHttpSession) -> "Customer":
        """Come in and read the catalogue, as the shop's front page does."""
        with trip("arrive") as arrive:
            path = f"{INVENTORY}/stock"
            _, stock = arrive.ask(client, "GET", path, name="GET /stock", expected=(200,))
        items = stock["items"] if stock else []
        skus = [item["sku"] for item in items if item["available"] >= PLENTY]
        return cls(client, f"customer-{random.randint(1, 50)}", skus or ["lamp"])

    def does_something(self, late: float = 0.0) -> None:
        """One trip, by weight."""
        (behaviour,) = random.choices([*WEIGHTS], weights=[*WEIGHTS.values()])
        with trip(behaviour.__name__, late) as one:
            behaviour(one, self)

    def lines(self, most: int = 1) -> list[dict[str, Any]]:
        skus = random.sample(self.skus, k=min(len(self.skus), random.randint(1, most)))
        return [{"sku": sku, "quantity": random.randint(1, 3)} for sku in skus]


def browse(one: Trip, customer: Customer) -> None:
    path = f"{INVENTORY}/stock/{random.choice(customer.skus)}"
    one.ask(customer.client, "GET", path, name="GET /stock/{sku}", expected=(200,))


def buy(one: Trip, customer: Customer) -> None:
    _order(one, customer, "bought", 201, customer.lines(most=2))


def buy_and_look(one: Trip, customer: Customer) -> None:
    """Order, then ask how it stands."""
    if order := _order(one, customer, "bought", 201, customer.lines()):
        _look(one, customer, order["id"])


def be_declined(one: Trip, customer: Customer) -> None:
    method = random.choice(("pm_card_declined", "pm_card_insufficient_funds"))
    _order(one, customer, "declined", 402, customer.lines(), method=method)


def find_it_sold_out(one: Trip, customer: Customer) -> None:
    _order(one, customer, "out of stock", 409, [{"sku": "unicorn", "quantity": 1}])


def send_twice(one: Trip, customer: Customer) -> None:
    """Press the button twice: the second answer is the first one again."""
    key, lines = str(uuid.uuid4()), customer.lines()
    first = _order(one, customer, "bought", 201, lines, key=key)
    again = first and _order(one, customer, "replayed", 201, lines, key=key)
    if again and first["id"] != again["id"]:
        one.wrong.append("a replay is another order")


WEIGHTS: dict[Callable[[Trip, Customer], None], int] = {
    browse: 10,
    buy: 8,
    buy_and_look: 1,
    be_declined: 1,
    find_it_sold_out: 1,
    send_twice: 1,
}


def _order(
    one: Trip,
    customer: Customer,
    name: str,
    expected: int,
    lines: list[dict[str, Any]],
    method: str = "pm_card_ok",
    key: str = "",
) -> Any:
    """Place an order; return it if it ended as expected, at once or after a 202."""
    body = {"customer_id": customer.name, "lines": lines, "payment_method": method}
    headers = {"idempotency-key": key} if key else {}
    name, both = f"POST /orders, {name}", (expected, 202)
    status, order = one.ask(
        customer.client, "POST", "/orders", name=name, expected=both, json=body, headers=headers
    )
    return _settled(one, customer, order, FINAL[expected]) if status == 202 else order


def _settled(one: Trip, customer: Customer, order: Any, wanted: str) -> Any:
    """Ask how a pending order stands until that is known, twenty seconds at most."""
    one.pending = True
    for _ in range(POLLS):
        gevent.sleep(PAUSE)
        order = _look(one, customer, order["id"])
        if not order or order["status"] == wanted:
            return order
        if order["status"] != "pending":  # given up while a service was away: an answer, not this one
            return None
    one.wrong.append("an order stays pending")
    return None


def _look(one: Trip, customer: Customer, order_id: str) -> Any:
    path, name = f"/orders/{order_id}", "GET /orders/{order_id}"
    return one.ask(customer.client, "GET", path, name=name, expected=(200,))[1]
