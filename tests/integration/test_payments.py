"""payment's promises: an order is charged at most once, in any order of arrival."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support import DECLINED, OK, ShopInProcess


def charge(shop: ShopInProcess, order_id: str, amount: int = 500, method: str = OK) -> httpx.Response:
    body: dict[str, Any] = {"order_id": order_id, "amount_minor": amount, "currency": "EUR"}
    return shop.payment.post("/payments", json=body | {"payment_method": method})


@pytest.fixture
def order_id() -> str:
    return str(uuid.uuid4())


def kind(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"]


def test_charge_again_is_the_same(shop: ShopInProcess, order_id: str) -> None:
    first, again = charge(shop, order_id), charge(shop, order_id)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


def test_declined_charge_stays_declined(shop: ShopInProcess, order_id: str) -> None:
    for _ in range(2):
        assert kind(charge(shop, order_id, method=DECLINED)) == (402, "/problems/payment-declined")
    assert shop.payment.get(f"/payments/{order_id}").json()["status"] == "declined"


def test_other_amount_is_refused(shop: ShopInProcess, order_id: str) -> None:
    charge(shop, order_id, 500)
    assert kind(charge(shop, order_id, 501)) == (422, "/problems/idempotency-key-reused")


def test_void_before_or_after_the_charge_ends_the_same(shop: ShopInProcess, order_id: str) -> None:
    other = str(uuid.uuid4())
    charge(shop, order_id)
    for each in (order_id, other):
        for _ in range(2):
            assert shop.payment.delete(f"/payments/{each}").status_code == 204
        assert kind(charge(shop, each)) == (409, "/problems/payment-voided")
        assert shop.payment.get(f"/payments/{each}").json()["status"] == "voided"


def test_void_of_a_declined_charge_changes_nothing(shop: ShopInProcess, order_id: str) -> None:
    charge(shop, order_id, method=DECLINED)
    assert shop.payment.delete(f"/payments/{order_id}").status_code == 204
    assert shop.payment.get(f"/payments/{order_id}").json()["status"] == "declined"


def test_racing_charges_take_the_money_once(shop: ShopInProcess, order_id: str) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: charge(shop, order_id), range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]


def test_racing_charge_and_void_never_leave_money_taken(shop: ShopInProcess) -> None:
    for _ in range(10):
        order = str(uuid.uuid4())
        with ThreadPoolExecutor(2) as pool:
            charged = pool.submit(charge, shop, order)
            pool.submit(shop.payment.delete, f"/payments/{order}").result()
        assert charged.result().status_code in (201, 409)
        assert shop.payment.get(f"/payments/{order}").json()["status"] == "voided"


def test_unknown_payment_is_not_found(shop: ShopInProcess, order_id: str) -> None:
    assert kind(shop.payment.get(f"/payments/{order_id}")) == (404, "/problems/not-found")
