"""What POST /orders answers in each situation of the design's table, through all services and MongoDB."""

import contextlib
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import motor.motor_asyncio
import pymongo
import pytest
from order.models import KeyTaken, NewOrder, Order
from order.store import OrderStore

from tests.support import DECLINED, ShopInProcess, eventually, new_order


@pytest.fixture
def orders(mongodb: str, shop: ShopInProcess) -> Iterator[Any]:
    """order's own collection, to look at what was written."""
    with pymongo.MongoClient[dict[str, Any]](mongodb, tz_aware=True) as client:
        yield client["order"]["orders"]


def problem(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code
    return str(document["type"])


def test_good_order_is_confirmed_and_can_be_read(shop: ShopInProcess) -> None:
    answer = shop.place(new_order("mug", 3))
    order = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/orders/{order['id']}"
    assert (order["status"], order["total_minor"], order["currency"]) == ("confirmed", 3600, "EUR")
    assert shop.order.get(answer.headers["location"]).json() == order
    assert set(order) == {
        *("id", "status", "reason", "customer_id", "lines", "total_minor", "currency"),
        *("trace_id", "created_at", "updated_at"),
    }


def test_good_order_takes_its_goods_and_its_money_once(shop: ShopInProcess) -> None:
    before = shop.stock("pen")
    order = shop.place(new_order("pen", 2)).json()
    after = shop.stock("pen")
    assert after["available"] == before["available"] - 2
    assert after["reserved"] == before["reserved"] + 2
    assert shop.payment.get(f"/payments/{order['id']}").json() == {
        "order_id": order["id"],
        "status": "captured",
        "amount_minor": 5500,
        "currency": "EUR",
        "payment_method": "pm_card_ok",
    }


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (new_order("unicorn"), 409, "out-of-stock"),
        (new_order("dragon"), 422, "unknown-sku"),
        (new_order("lamp", 1, DECLINED), 402, "payment-declined"),
        (new_order("lamp", 1, "pm_card_insufficient_funds"), 402, "payment-declined"),
    ],
)
def test_refused_order_exists_as_rejected_and_holds_nothing(
    shop: ShopInProcess, body: dict[str, Any], status: int, reason: str
) -> None:
    before = shop.stock("lamp")
    answer = shop.place(body)
    assert (answer.status_code, problem(answer)) == (status, f"/problems/{reason}")
    order = shop.order.get(f"/orders/{answer.json()['order_id']}").json()
    assert (order["status"], order["reason"]) == ("rejected", reason)
    assert answer.json()["trace_id"] == order["trace_id"]
    assert shop.stock("lamp") == before


def test_out_of_stock_says_which_product_and_how_many_are_left(shop: ShopInProcess) -> None:
    answer = shop.place(new_order("vinyl", 99)).json()
    assert (answer["sku"], answer["available"]) == ("vinyl", shop.stock("vinyl")["available"])


def test_order_of_two_lines_holds_all_or_nothing(shop: ShopInProcess) -> None:
    before = shop.stock("bottle")
    lines = [{"sku": "bottle", "quantity": 4}, {"sku": "unicorn", "quantity": 1}]
    assert shop.place(new_order(lines=lines)).status_code == 409
    assert shop.stock("bottle") == before


def test_same_key_gives_the_same_order_and_charges_once(shop: ShopInProcess) -> None:
    key, before = str(uuid.uuid4()), shop.stock("mug")
    first, again = (shop.place(new_order("mug"), idempotency_key=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert shop.stock("mug")["available"] == before["available"] - 1


@pytest.mark.parametrize(
    ("sku", "method", "status"), [("unicorn", "pm_card_ok", 409), ("lamp", DECLINED, 402)]
)
def test_same_key_of_a_rejected_order_gives_the_same_refusal(
    shop: ShopInProcess, sku: str, method: str, status: int
) -> None:
    key = str(uuid.uuid4())
    first, again = (shop.place(new_order(sku, 1, method), idempotency_key=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (status, status)
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"


def test_same_key_with_the_same_order_written_differently_is_a_replay(shop: ShopInProcess) -> None:
    key = str(uuid.uuid4())
    shop.place(new_order(), idempotency_key=key)
    body = '{"payment_method":"pm_card_ok", "lines":[{"quantity":1,"sku":"lamp"}],"customer_id":"customer-9"}'
    headers = {"idempotency-key": key, "content-type": "application/json"}
    answer = shop.order.post("/orders", content=body, headers=headers)
    assert answer.headers["idempotent-replayed"] == "true"


def test_same_key_with_another_order_is_refused(shop: ShopInProcess) -> None:
    key = str(uuid.uuid4())
    shop.place(new_order("lamp", 1), idempotency_key=key)
    answer = shop.place(new_order("lamp", 2), idempotency_key=key)
    assert (answer.status_code, problem(answer)) == (422, "/problems/idempotency-key-reused")


def test_fifty_posts_with_one_key_make_one_order(shop: ShopInProcess, orders: Any) -> None:
    key, before = str(uuid.uuid4()), shop.stock("notebook")
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: shop.place(new_order("notebook"), idempotency_key=key), range(50)))
    assert {answer.status_code for answer in answers} <= {201, 409, 503}  # 503: too many at a time
    for answer in answers:
        if answer.status_code == 409:
            assert problem(answer) == "/problems/order-in-flight"
            assert int(answer.headers["retry-after"]) >= 1
    assert orders.count_documents({"idempotency_key": key}) == 1
    assert shop.stock("notebook")["available"] == before["available"] - 1


async def test_second_order_with_a_key_can_not_be_written(mongodb: str, shop: ShopInProcess) -> None:
    """Where two requests both found no order: MongoDB's unique index decides, whatever the timing."""
    new = NewOrder.model_validate(new_order())
    client: Any = motor.motor_asyncio.AsyncIOMotorClient(mongodb, tz_aware=True)
    with contextlib.closing(client):
        store, key = OrderStore(client["order"]), str(uuid.uuid4())
        await store.insert(Order.pending(new, key))
        with pytest.raises(KeyTaken):
            await store.insert(Order.pending(new, key))
        for _ in range(2):  # orders without a key are not each other's rivals
            await store.insert(Order.pending(new, None))


def test_key_of_an_order_in_work_says_so_and_later_what_recovery_made_of_it(
    shop: ShopInProcess, orders: Any
) -> None:
    key = str(uuid.uuid4())
    shop.place(idempotency_key=key)
    now = datetime.now(UTC)
    orders.update_one(
        {"idempotency_key": key},
        {"$set": {"status": "pending", "lease_until": now + timedelta(seconds=5)}},
    )
    in_work = shop.place(idempotency_key=key)
    assert (in_work.status_code, problem(in_work)) == (409, "/problems/order-in-flight")
    assert 1 <= int(in_work.headers["retry-after"]) <= 5
    orders.update_one({"idempotency_key": key}, {"$set": {"lease_until": now - timedelta(seconds=1)}})

    def recovered() -> None:
        answer = shop.place(idempotency_key=key)
        assert (answer.status_code, answer.json()["status"]) == (201, "confirmed")

    eventually(recovered)


def test_outcome_of_somebody_who_took_the_lease_over_stands(shop: ShopInProcess, orders: Any) -> None:
    key = str(uuid.uuid4())
    order_id = shop.place(idempotency_key=key).json()["id"]
    orders.update_one({"_id": order_id}, {"$set": {"status": "rejected", "reason": "out-of-stock"}})
    assert shop.place(idempotency_key=key).status_code == 409  # the current answer, not the first one


def test_orders_are_listed_oldest_first_and_page_by_page(shop: ShopInProcess) -> None:
    placed = [shop.place().json()["id"] for _ in range(3)]
    seen: list[str] = []
    page = shop.order.get("/orders", params={"limit": 2}).json()["items"]
    while page:
        seen += [order["id"] for order in page]
        page = shop.order.get("/orders", params={"limit": 2, "after": seen[-1]}).json()["items"]
    assert [order for order in seen if order in placed] == placed
    assert len(seen) == len(set(seen))


def test_orders_are_listed_by_status_and_age(shop: ShopInProcess) -> None:
    shop.place(new_order("unicorn"))
    rejected = shop.order.get("/orders", params={"status": "rejected", "limit": 100}).json()["items"]
    assert rejected
    assert {order["status"] for order in rejected} == {"rejected"}
    assert shop.order.get("/orders", params={"older_than": 86_400}).json() == {"items": []}


def test_unknown_order_is_not_found(shop: ShopInProcess) -> None:
    answer = shop.order.get(f"/orders/{uuid.uuid4()}")
    assert (answer.status_code, problem(answer)) == (404, "/problems/not-found")
