"""What is true of orders, goods and money at every quiet moment, whatever was killed when.

Pure: the documents as they stand in MongoDB go in, what is wrong comes out. `audit.py` fetches them.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

Document = dict[str, Any]
BOUND = timedelta(seconds=30)
"""No order stays pending for longer while everything is reachable."""
UNFINISHED = ("holding", "refusing", "releasing", "cancelling")


@dataclass(frozen=True)
class Violation:
    """One thing that must not be; `about` is a sku, an order's id or an Idempotency-Key."""

    rule: str
    about: str
    says: str


@dataclass(frozen=True)
class Books:
    """Everything the three services have written down; `acknowledged`: ids a client got a 201 for."""

    orders: list[Document]
    stock: list[Document]
    reservations: list[Document]
    payments: list[Document]
    acknowledged: frozenset[str] = frozenset()

    @cached_property
    def order(self) -> dict[str, Document]:
        return {order["_id"]: order for order in self.orders}

    @cached_property
    def held(self) -> dict[str, Document]:
        return {each["_id"]: each for each in self.reservations if each["state"] == "held"}

    @cached_property
    def captured(self) -> dict[str, list[Document]]:
        """By the order's id, wherever it stands: a build that charges twice has other `_id`s."""
        found = defaultdict(list)
        for payment in self.payments:
            if payment["status"] == "captured":
                found[str(payment.get("order_id", payment["_id"]))].append(payment)
        return dict(found)

    def unfinished(self) -> list[str]:
        """Reservations somebody is at, or died in."""
        return [each["_id"] for each in self.reservations if each["state"] in UNFINISHED]

    def not_settled_in(self, before: "Books") -> list[str]:
        """Orders that were pending, or not there, when `before` was read, or are still."""
        settled = {order["_id"] for order in before.orders if order["status"] != "pending"}
        return [order["_id"] for order in self.orders if order["_id"] not in settled]

    def pending(self, older_than: timedelta, now: datetime) -> list[str]:
        return [
            order["_id"]
            for order in self.orders
            if order["status"] == "pending" and now - order["created_at"] >= older_than
        ]


def violations(books: Books) -> list[Violation]:
    """Return everything that is wrong, in the order of RULES."""
    return [Violation(name, *found) for name, rule in RULES.items() for found in rule(books)]


Found = Iterator[tuple[str, str]]


def _every_piece_is_somewhere(books: Books) -> Found:
    for item in books.stock:
        available, reserved, received = (item[name] for name in ("available", "reserved", "received"))
        if available + reserved != received or min(available, reserved) < 0:
            yield item["_id"], f"available {available} + reserved {reserved}, received {received}"


def _reserved_is_what_is_held(books: Books) -> Found:
    return _reserved_is(books, books.held.values(), "the reservations that are held")


def _reserved_is_what_is_ordered(books: Books) -> Found:
    ordered = [
        order
        for order in books.orders
        if order["status"] == "confirmed" or (order["status"] == "pending" and order["_id"] in books.held)
    ]
    return _reserved_is(books, ordered, "the orders that are confirmed or pending with their goods held")


def _reserved_is(books: Books, holders: Iterable[Document], who: str) -> Found:
    """Work under way may have moved its pieces or not; with none, the two must be equal."""
    least = _pieces(holders)
    loose = _pieces(each for each in books.reservations if each["state"] in UNFINISHED)
    reserved = Counter({item["_id"]: item["reserved"] for item in books.stock})
    for sku in sorted(reserved.keys() | least.keys()):
        if not least[sku] <= reserved[sku] <= least[sku] + loose[sku]:
            yield sku, f"reserved {reserved[sku]}, {who} make {least[sku]}"


def _pieces(documents: Iterable[Document]) -> Counter[str]:
    pieces: Counter[str] = Counter()
    for document in documents:
        for line in document["lines"]:
            pieces[line["sku"]] += line["quantity"]
    return pieces


def _goods_are_held_for_an_order_that_wants_them(books: Books) -> Found:
    for order_id in books.held:
        status = books.order.get(order_id, {}).get("status", "missing")
        if status not in ("pending", "confirmed"):
            yield order_id, f"goods are held, the order is {status}"


def _confirmed_order_has_its_goods(books: Books) -> Found:
    for order_id, order in books.order.items():
        if order["status"] == "confirmed" and order_id not in books.held:
            yield order_id, "confirmed, no goods are held for it"


def _order_is_charged_at_most_once(books: Books) -> Found:
    for order_id, payments in books.captured.items():
        if len(payments) > 1:
            yield order_id, f"charged {len(payments)} times"


def _confirmed_order_is_paid_in_full(books: Books) -> Found:
    for order_id, order in books.order.items():
        if order["status"] == "confirmed":
            paid = sum(payment["amount_minor"] for payment in books.captured.get(order_id, []))
            if paid != order["total_minor"]:
                yield order_id, f"confirmed for {order['total_minor']}, charged {paid}"


def _money_is_taken_for_an_order_that_is_wanted(books: Books) -> Found:
    for order_id in books.captured:
        status = books.order.get(order_id, {}).get("status", "missing")
        if status not in ("pending", "confirmed"):
            yield order_id, f"charged, the order is {status}"


def _key_makes_one_order(books: Books) -> Found:
    keys = Counter(order["idempotency_key"] for order in books.orders if order.get("idempotency_key"))
    for key, count in keys.items():
        if count > 1:
            yield key, f"{count} orders"


def _acknowledged_order_stays_confirmed(books: Books) -> Found:
    for order_id in sorted(books.acknowledged):
        status = books.order.get(order_id, {}).get("status", "missing")
        if status != "confirmed":
            yield order_id, f"a client got 201, the order is {status}"


RULES: dict[str, Callable[[Books], Found]] = {
    rule.__name__.strip("_").replace("_", " "): rule
    for rule in (
        _every_piece_is_somewhere,
        _reserved_is_what_is_held,
        _reserved_is_what_is_ordered,
        _goods_are_held_for_an_order_that_wants_them,
        _confirmed_order_has_its_goods,
        _order_is_charged_at_most_once,
        _confirmed_order_is_paid_in_full,
        _money_is_taken_for_an_order_that_is_wanted,
        _key_makes_one_order,
        _acknowledged_order_stays_confirmed,
    )
}
