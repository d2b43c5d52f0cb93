"""What must never reach a span or a log: MongoDB's error texts, exceptions' texts, what clients send."""

import asyncio
import gc
import json
import logging
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import pymongo
import pytest
from chassis.logs import JsonFormatter
from pymongo.errors import OperationFailure

from tests.support import ShopInProcess, SpanMemory

SECRET = "alice@example.com"


def test_mongodbs_error_text_stays_off_the_span(mongodb: str, spans: SpanMemory) -> None:
    """MongoDB quotes what it was sent; contrib's instrumentation would make that the span's status."""
    before = {span.span_id for span in spans.all()}
    with pymongo.MongoClient[dict[str, Any]](mongodb) as client, pytest.raises(OperationFailure) as failure:
        client["test-privacy"]["t"].find_one_and_update({}, {f"${SECRET}": {"a": 1}}, upsert=True)
    assert SECRET in str(failure.value)
    (span,) = [span for span in spans.all() if span.span_id not in before and span.error]
    assert span.name == "test-privacy.findAndModify"
    assert SECRET not in str(span)
    assert "@" not in span.status_text


def test_duplicate_charge_paints_nothing_red(shop: ShopInProcess, spans: SpanMemory) -> None:
    charge = {"amount_minor": 5, "currency": "EUR", "payment_method": "pm_card_ok"}
    charge["order_id"] = str(uuid.uuid4())
    shop.payment.post("/payments", json=charge)
    trace = spans.trace(shop.payment.post("/payments", json=charge), root="POST /payments")
    trace.span("payment.insert").has(error=False)
    assert charge["order_id"] not in str(trace.spans)


@pytest.fixture
def boom() -> Iterator[str]:
    """A path of order whose handler has a bug, with somebody's data in the exception's text."""
    import order.main

    def fail() -> None:
        raise ValueError(SECRET)

    order.main.app.add_api_route("/boom", fail)
    yield "/boom"
    order.main.app.router.routes.pop()


def test_bug_is_a_500_with_its_trace_and_without_the_exceptions_text(
    shop: ShopInProcess, spans: SpanMemory, boom: str
) -> None:
    answer = shop.order.get(boom)
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "about:blank"
    trace = spans.trace(answer, root="GET /boom")
    trace.span("GET /boom").has(error=True, error__type="ValueError")
    assert SECRET not in str(trace.spans) + answer.text


def test_log_line_of_an_exception_has_its_type_and_place_and_not_its_text() -> None:
    try:
        raise ValueError(SECRET)
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "it failed", (), sys.exc_info())
    line = JsonFormatter().format(record)
    assert json.loads(line)["error.type"] == "ValueError"
    assert "test_privacy.py" in json.loads(line)["at"]
    assert SECRET not in line


def test_log_line_about_an_exception_nobody_caught_is_without_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail() -> None:
        raise ValueError(SECRET)

    async def forget() -> None:
        task = asyncio.ensure_future(fail())
        await asyncio.wait([task])

    asyncio.run(forget())
    gc.collect()  # asyncio says it when the task goes
    # The server of the test before may only now be saying what happened there.
    (record,) = [record for record in caplog.records if record.name == "asyncio"]
    assert SECRET in record.getMessage()
    line = JsonFormatter().format(record)
    assert json.loads(line)["message"] == "Task exception was never retrieved"
    assert SECRET not in line
