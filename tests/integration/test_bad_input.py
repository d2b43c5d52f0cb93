"""Whatever a client sends: a problem document with the right 4xx, nothing written, never a 500."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pymongo
import pytest

from tests.support import ShopInProcess, new_order

JSON = {"content-type": "application/json"}
TYPES = {
    *("invalid-request", "unknown-sku", "out-of-stock", "payment-declined", "order-in-flight", "not-found"),
    *("idempotency-key-reused", "reservation-released", "payment-voided", "unavailable"),
}


def body(**changes: Any) -> bytes:
    return json.dumps(new_order() | changes).encode()


def line(quantity: str) -> bytes:
    return body(lines="L").replace(b'"L"', b'[{"sku": "lamp", "quantity": %s}]' % quantity.encode())


def many(count: int) -> bytes:
    return body(lines=[{"sku": f"s-{n}", "quantity": 1} for n in range(count)])


BAD_BODIES = {
    "malformed": (400, b'{"customer_id": "c"'),
    "empty": (422, b""),
    "null": (422, b"null"),
    "a list": (422, b"[]"),
    "unknown field": (422, body(card="x")),
    "no lines": (422, body(lines=[])),
    "21 lines": (422, many(21)),
    "quantity 0": (422, line("0")),
    "quantity -1": (422, line("-1")),
    "quantity 100": (422, line("100")),
    "quantity 1.5": (422, line("1.5")),
    "quantity 1.0": (422, line("1.0")),
    "quantity as text": (422, line('"2"')),
    "quantity true": (422, line("true")),
    "quantity huge": (422, line("1" + "0" * 400)),
    "quantity beyond Python": (400, line("1" * 5000)),
    "quantity NaN": (400, line("NaN")),
    "quantity Infinity": (400, line("Infinity")),
    "quantity -Infinity": (400, line("-Infinity")),
    "quantity 1e400": (400, line("1e400")),
    "sku twice": (422, body(lines=[{"sku": "lamp", "quantity": 1}] * 2)),
    "sku with control character": (422, body(lines=[{"sku": "la\u0000mp", "quantity": 1}])),
    "sku with newline": (422, body(lines=[{"sku": "lamp\n", "quantity": 1}])),
    "customer with control character": (422, body(customer_id="c\u0007")),
    "customer with newline": (422, body(customer_id="c\n")),
    "customer of 65": (422, body(customer_id="c" * 65)),
    "customer an e-mail address": (422, body(customer_id="alice@example.com")),
    "unknown payment method": (422, body(payment_method="pm_cash")),
    "card number": (422, body(payment_method="4111111111111111")),
    "lone surrogate": (400, body(customer_id="X").replace(b'"X"', b'"\\ud800"')),
    "not UTF-8": (400, body(customer_id="X").replace(b'"X"', b'"\xff\xfe"')),
    "UTF-16": (400, body().decode().encode("utf-16")),
    "key twice": (400, body(customer_id="c")[:-1] + b', "customer_id": "d"}'),
    "deep": (400, b"[" * 30_000 + b"]" * 30_000),
    "1 MB": (413, b'{"customer_id": "' + b"c" * 1_000_000 + b'"}'),
    "operator": (422, body(customer_id={"$gt": ""})),
}


def assert_problem(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["traceresponse"]
    document = answer.json()
    assert document["status"] == status
    assert document["type"].removeprefix("/problems/") in TYPES


@pytest.fixture
def nothing_written(mongodb: str, shop: ShopInProcess) -> Iterator[None]:
    """Demand that the number of orders stays what it is."""
    with pymongo.MongoClient[dict[str, Any]](mongodb) as client:
        before = client["order"]["orders"].count_documents({})
        yield
        assert client["order"]["orders"].count_documents({}) == before


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("name", BAD_BODIES)
def test_bad_body_is_a_problem_and_writes_nothing(shop: ShopInProcess, name: str) -> None:
    status, content = BAD_BODIES[name]
    answer = shop.order.post("/orders", content=content, headers=JSON)
    assert_problem(answer, status)
    for sent in ("alice", "4111", "pm_cash"):
        assert sent not in answer.text


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data", ""],
)
@pytest.mark.parametrize("content", [body(), b"\xff\xfe\x00"])
def test_other_media_type_is_refused_whatever_the_body(
    shop: ShopInProcess, media_type: str, content: bytes
) -> None:
    answer = shop.order.post("/orders", content=content, headers={"content-type": media_type})
    assert_problem(answer, 415)


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("key", ["k" * 300, "", "tab\there", "caf\u00e9"])
def test_bad_idempotency_key_is_refused(shop: ShopInProcess, key: str) -> None:
    headers = JSON | {"idempotency-key": key.encode("latin-1")}
    assert_problem(shop.order.post("/orders", content=body(), headers=headers), 422)


def test_key_of_255_characters_is_taken(shop: ShopInProcess) -> None:
    assert shop.place(idempotency_key="k" * 255).status_code == 201


@pytest.mark.parametrize(
    ("service", "method", "path", "status"),
    [
        ("order", "PATCH", "/orders", 405),
        ("order", "DELETE", "/orders", 405),
        ("order", "GET", "/nothing/here", 404),
        ("order", "GET", "/orders/", 404),
        ("order", "GET", "/orders/not-a-uuid", 422),
        ("order", "GET", "/orders/%00", 422),
        ("order", "GET", "/orders/%ff", 422),
        ("order", "GET", "/orders?limit=0", 422),
        ("order", "GET", "/orders?limit=1e400", 422),
        ("order", "GET", "/orders?older_than=99999999999999999999", 422),
        ("order", "GET", "/orders?status=lost", 422),
        ("order", "GET", "/orders?after=x", 422),
        ("inventory", "PUT", "/reservations/x", 415),
        ("inventory", "DELETE", "/reservations/x", 422),
        ("inventory", "GET", "/stock/UPPER", 422),
        ("inventory", "GET", "/stock/%24where", 422),
        ("payment", "GET", "/payments/x", 422),
        ("payment", "PUT", "/payments", 405),
    ],
)
def test_bad_path_or_query_is_a_problem(
    shop: ShopInProcess, service: str, method: str, path: str, status: int
) -> None:
    assert_problem(getattr(shop, service).request(method, path), status)


def test_wrong_method_is_told_all_the_right_ones(shop: ShopInProcess) -> None:
    assert shop.order.patch("/orders").headers["allow"] == "GET, POST"
    assert shop.payment.put("/payments/x").headers["allow"] == "DELETE, GET"


def test_chunked_body_is_limited_too(shop: ShopInProcess) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 10_000

    assert_problem(shop.order.post("/orders", content=chunks(), headers=JSON), 413)
