"""What a used Idempotency-Key is answered, from the order as it stands."""

from datetime import UTC, datetime, timedelta

import pytest
from chassis.problems import Problem
from fastapi import Response
from order.answers import replay
from order.models import Line, NewOrder, Order, Refused

NEW = NewOrder(customer_id="customer-1", lines=[Line(sku="lamp", quantity=1)], payment_method="pm_card_ok")


def pending(seconds_left: float) -> Order:
    left = datetime.now(UTC) + timedelta(seconds=seconds_left)
    return Order.pending(NEW, "key").model_copy(update={"lease_until": left})


def test_order_in_work_is_asked_for_later() -> None:
    with pytest.raises(Problem, match="order-in-flight") as refused:
        replay(pending(seconds_left=4.5), NEW, Response())
    assert refused.value.headers["Retry-After"] == "5"


def test_order_nobody_works_on_is_pending() -> None:
    order, response = pending(seconds_left=-1), Response()
    assert replay(order, NEW, response) is order
    assert (response.status_code, response.headers["location"]) == (202, f"/orders/{order.id}")
    assert response.headers["idempotent-replayed"] == "true"


def test_abandoned_order_says_that_it_was_undone() -> None:
    order = pending(seconds_left=-1).refused(Refused("abandoned")).rejected()
    with pytest.raises(Problem, match="abandoned") as refused:
        replay(order, NEW, Response())
    assert (refused.value.status, refused.value.extra["order_id"]) == (409, order.id)
