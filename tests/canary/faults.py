"""What goes wrong in the shop while secrets are in it: each error has a text of its own that could leak."""

import contextlib
import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pymongo

from tests.canary.babbler import Babbler
from tests.canary.inputs import CHARGE, orders
from tests.canary.rig import Answers, Rig
from tests.canary.secrets import KINDS, Mint
from tests.fuzz.corpus import JSON, Attack, http
from tests.support import eventually
from tools.faults import definitions, switch

QUICK = {"TRY_TIMEOUT": "0.3", "STEP_TIMEOUT": "1.2", "MONGODB_TIMEOUT": "0.5", "BREAKER_FAILURES": "1000"}
ROOM = {"MAX_IN_FLIGHT": "4"}  # as many requests as the rig sends at once
FIELDS = ("status", "state", "lines", "customer_id", "price_minor", "name", "amount_minor", "created_at")
STORED = (  # database, collection, and the request that reads such a document
    ("order", "orders", "GET", "/orders/{}"),
    ("payment", "payments", "GET", "/payments/{}"),
    ("inventory", "reservations", "DELETE", "/reservations/{}"),
    ("inventory", "stock", "GET", "/stock/{}"),
)


def duplicate_key(rig: Rig, mint: Mint) -> Answers:
    """An index nobody expects: MongoDB's error quotes the customer, and nobody catches it."""
    with _orders(rig) as stored:
        stored.create_index([("customer_id", 1), ("status", 1)], unique=True, name="unexpected")
        once = list(orders(mint, len(KINDS), keyed=False))
        answers = rig.send(once) + rig.send(once)
        eventually(lambda: rig.logs("order", "DuplicateKeyError"))  # recovery meets it too
        stored.drop_index("unexpected")
    return answers


def broken_documents(rig: Rig, mint: Mint) -> Answers:
    """Documents no service would have written: Pydantic's error quotes what it can't take."""
    reads = []
    with contextlib.closing(pymongo.MongoClient[Any](rig.shop.mongo.url)) as client:
        for kind in KINDS:
            for service, collection, method, path in STORED:
                ident = uuid4().hex if collection == "stock" else str(uuid4())
                client[service][collection].insert_one({"_id": ident, **_secrets(mint, kind)})
                reads.append(Attack("broken", service, method, http(method, path.format(ident), [], b"")))
        answers = rig.send(reads)
        client["inventory"]["stock"].delete_many({"price_minor": {"$type": "string"}})
    with _orders(rig) as stored:  # and one that recovery takes up
        pending = {"status": "pending", "lease_until": datetime(2020, 1, 1, tzinfo=UTC)}
        stored.insert_one({"_id": str(uuid4()), **_secrets(mint, "card"), **pending})
        eventually(lambda: rig.logs("order", "ValidationError"))
        stored.delete_many({"created_at": {"$type": "string"}})
    return answers


def payment_fails(rig: Rig, mint: Mint) -> Answers:
    """payment answers 500."""
    with _switched(rig, "payment-fails", "always"):
        return rig.send(orders(mint, len(KINDS)))


def saturated(rig: Rig, mint: Mint) -> Answers:
    """payment has no room: whoever refuses has not looked at what was asked."""
    charge = http("POST", "/payments", [(b"content-type", JSON)], json.dumps(CHARGE).encode())
    paths = [f"/{mint.secret(kind)}".replace(" ", "+") for kind in KINDS]
    turned_away = [Attack("full", "payment", "GET", http("GET", path, [], b"")) for path in paths]
    seen: Answers = []

    def refused() -> None:
        seen.extend(rig.send(turned_away))
        assert 503 in {answer.status for _, answers in seen for answer in answers}

    with _switched(rig, "payment-slow", "very"):
        slow = [Attack("slow", "payment", "POST", charge)] * int(ROOM["MAX_IN_FLIGHT"])
        busy = threading.Thread(target=rig.send, args=(slow,))
        busy.start()
        eventually(refused)
        busy.join()
    return seen


def hung_up(rig: Rig, mint: Mint) -> Answers:
    """Clients that go away in the middle of a body."""
    for kind in KINDS:
        path = f"/stock/{mint.secret(kind)}/receipts".replace(" ", "+")
        lines = [(b"content-type", JSON), (b"content-length", b"900")]
        with socket.create_connection(("127.0.0.1", rig.shop.services["inventory"].port)) as line:
            line.sendall(http("POST", path, lines, f'{{"quantity": "{mint.secret(kind)}'.encode()))
    return []


def payment_is_deaf(rig: Rig, mint: Mint) -> Answers:
    """Timeouts."""
    rig.shop.wires["payment"].lose_answers()
    answers = rig.send(orders(mint, len(KINDS)))
    rig.shop.wires["payment"].mend()
    return answers


def payment_talks_nonsense(rig: Rig, mint: Mint) -> Answers:
    """Something else answers in payment's place: the error quotes what it said."""
    rig.shop.wires["payment"].stop()
    with Babbler(rig.shop.wires["payment"].port, lambda: mint.secret("e-mail")):
        return rig.send(orders(mint, len(KINDS)))


def payment_is_away(rig: Rig, mint: Mint) -> Answers:
    """Refused connections: nobody listens there since the one before."""
    return rig.send(orders(mint, len(KINDS)))


def mongodb_is_paused(rig: Rig, mint: Mint) -> Answers:
    """Timeouts of MongoDB."""
    os.kill(rig.shop.mongo.pid, signal.SIGSTOP)
    try:
        return rig.send([*orders(mint, 2), *orders(mint, 2, keyed=False)])
    finally:
        os.kill(rig.shop.mongo.pid, signal.SIGCONT)


def mongodb_is_away(rig: Rig, mint: Mint) -> Answers:
    """Refused connections of MongoDB."""
    rig.shop.mongo.stop(signal.SIGKILL)
    return rig.send([*orders(mint, 2), *orders(mint, 2, keyed=False)])


FAULTS: list[tuple[Callable[[Rig, Mint], Answers], set[int]]] = [
    (duplicate_key, {201, 500}),
    (broken_documents, {500}),
    (payment_fails, {202}),
    (saturated, {503}),
    (hung_up, set()),
    (payment_is_deaf, {202}),
    (payment_talks_nonsense, {202}),
    (payment_is_away, {202}),
    (mongodb_is_paused, {503}),
    (mongodb_is_away, {503}),
]
"""In this order, since the last ones leave the shop in pieces; with the answers that show each was met."""


def _secrets(mint: Mint, kind: str) -> dict[str, str]:
    return {name: mint.secret(kind) for name in FIELDS}


@contextlib.contextmanager
def _orders(rig: Rig) -> Iterator[Any]:
    with contextlib.closing(pymongo.MongoClient[Any](rig.shop.mongo.url)) as client:
        yield client["order"]["orders"]


@contextlib.contextmanager
def _switched(rig: Rig, name: str, variant: str) -> Iterator[None]:
    flags = definitions()
    switch(flags[name], variant)
    rig.faults.write_text(json.dumps({"flags": flags}))
    yield
    rig.faults.unlink()
