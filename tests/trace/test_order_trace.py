"""The five traces a learner meets, each asserted as the whole tree of the contract (docs/telemetry.yaml)."""

import uuid
from collections.abc import Iterator

import pytest

from tests.contract import CONTRACT
from tests.support import DECLINED, ShopInProcess, SpanMemory, eventually, new_order, trace_id_of

TREES = CONTRACT["trees"]


def test_confirmed_order_is_one_connected_trace_through_all_services(
    shop: ShopInProcess, spans: SpanMemory
) -> None:
    answer = shop.place(new_order("lamp", 2))
    assert answer.status_code == 201
    trace = spans.trace(answer).connected().is_tree(TREES["confirmed"])
    trace.services("order", "inventory", "payment")
    trace.span("processOrder").has(
        shop__order__id=answer.json()["id"],
        shop__order__status="confirmed",
        shop__order__total_minor=7800,
        shop__order__lines=1,
    )
    trace.span("processPayment").has(shop__payment__outcome="captured", error=False)
    assert answer.json()["trace_id"] == trace_id_of(answer)


def test_out_of_stock_order_marks_the_step_and_not_process_order(
    shop: ShopInProcess, spans: SpanMemory
) -> None:
    answer = shop.place(new_order("unicorn"))
    assert answer.status_code == 409
    trace = spans.trace(answer).connected().is_tree(TREES["out of stock"])
    trace.span("reserveInventory").has(error=True, error__type="out-of-stock", shop__inventory__sku="unicorn")
    trace.span("processOrder").has(error=False, shop__order__status="rejected")
    trace.no_span("processPayment").no_span("releaseInventory")


def test_declined_order_gives_the_goods_back_inside_process_order(
    shop: ShopInProcess, spans: SpanMemory
) -> None:
    answer = shop.place(new_order("lamp", 1, DECLINED))
    assert answer.status_code == 402
    trace = spans.trace(answer).connected().is_tree(TREES["declined"])
    order = trace.span("processOrder").has(error=False, shop__order__status="rejected")
    order.child("processPayment").has(
        error=True, error__type="payment-declined", shop__payment__outcome="declined"
    )
    order.child("releaseInventory").has(error=False).descendant(
        "DELETE /reservations/{order_id}", service="inventory", kind="server"
    )


def test_replayed_order_looks_the_key_up_and_does_nothing_else(
    shop: ShopInProcess, spans: SpanMemory
) -> None:
    key = str(uuid.uuid4())
    first, again = shop.place(idempotency_key=key), shop.place(idempotency_key=key)
    assert again.headers["idempotent-replayed"] == "true"
    trace = spans.trace(again).connected().is_tree(TREES["replayed"])
    assert not any(span.error for span in trace.spans)
    assert again.json()["trace_id"] == trace_id_of(first) != trace_id_of(again)


@pytest.fixture
def mended(shop: ShopInProcess) -> Iterator[None]:
    """Whatever the test does to the wires is repaired, and its orders are settled, before the next one."""
    yield
    shop.mend()


@pytest.mark.usefixtures("mended")
def test_order_stays_pending_when_payment_does_not_answer(shop: ShopInProcess, spans: SpanMemory) -> None:
    shop.to_payment.cut()
    answer = shop.place()
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    trace = spans.trace(answer).connected().is_tree(TREES["pending"])
    trace.span("processPayment").has(error=True, error__type="ReadError", shop__circuit__state="closed")
    trace.span("processOrder").has(error=False, shop__order__status="pending")


@pytest.mark.usefixtures("mended")
def test_lost_answer_is_asked_for_again_and_charged_once(shop: ShopInProcess, spans: SpanMemory) -> None:
    shop.to_payment.lose_answers(times=1)
    answer = shop.place()
    assert answer.status_code == 201
    trace = spans.trace(answer).connected().is_tree(TREES["retried"])
    trace.span("processPayment").has(error=False, shop__payment__outcome="captured")
    first, second = (span for span in trace.spans if span.name == "POST")
    assert "http.request.resend_count" not in first.attributes
    assert second.attributes["http.request.resend_count"] == 1
    assert (first.attributes["error.type"], first.milliseconds > 900) == ("ReadTimeout", True)
    codes = [s.attributes["http.response.status_code"] for s in trace.spans if s.name == "POST /payments"]
    assert codes == [201, 200]


@pytest.mark.usefixtures("mended")
def test_open_circuit_calls_nobody_and_says_so_on_the_step(shop: ShopInProcess, spans: SpanMemory) -> None:
    shop.to_payment.cut()

    def refused_at_once() -> None:
        answer = shop.place()
        assert (answer.status_code, answer.json()["status"]) == (202, "pending")
        trace = spans.trace(answer).connected().is_tree(TREES["circuit open"])
        trace.span("processPayment").has(error=True, error__type="circuit_open", shop__circuit__state="open")

    eventually(refused_at_once, seconds=20)
