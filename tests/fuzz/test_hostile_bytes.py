"""10,000 hostile requests over raw sockets: no 5xx, nothing of them in names or logs, nothing written."""

import asyncio
import contextlib
import json
import logging
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pymongo
import pytest
from chassis.logs import JsonFormatter
from opentelemetry.instrumentation.utils import suppress_instrumentation

from tests.fuzz.corpus import MARK, Corpus, customer_of
from tests.fuzz.siege import Outcome, besiege
from tests.support import ShopInProcess, SpanMemory, new_order
from tools.tracecheck import Span

SEED, REQUESTS = 20261, 10_000
MAX_NAMES, MAX_LOG_BYTES = 64, 200_000


class LogBook(logging.Handler):
    """The lines the services would have written, as they would have written them."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    @classmethod
    @contextlib.contextmanager
    def kept(cls) -> "Iterator[LogBook]":
        book = cls()
        logging.getLogger().addHandler(book)
        try:
            yield book
        finally:
            logging.getLogger().removeHandler(book)


@dataclass
class Siege:
    """Everything there is to judge afterwards."""

    run: str
    outcome: Outcome
    log: list[str]
    spans: list[Span] = field(repr=False)

    @property
    def names(self) -> set[str]:
        return {span.name for span in self.spans}


@pytest.fixture(scope="module")
def siege(shop: ShopInProcess, spans: SpanMemory) -> Siege:
    """The siege itself, once, for the tests below to look at."""
    run, began = uuid4().hex[:8], time.monotonic()
    ports = {name: getattr(shop, name).base_url.port for name in ("order", "inventory", "payment")}
    before = len(spans.all())  # other tests may have left some
    with LogBook.kept() as book:
        outcome = asyncio.run(besiege(ports, Corpus(SEED, run).attacks(REQUESTS)))
    found = Siege(run, outcome, book.lines, spans.all()[before:])
    print(f"\nseed {SEED}, run {run}, {outcome.sent} requests, {time.monotonic() - began:.1f} s")
    print(f"answers {dict(sorted(outcome.statuses.items()))}, kinds {dict(outcome.kinds)}")
    print(f"{len(found.names)} span names, {len(found.log)} log lines, {sum(map(len, found.log))} bytes")
    return found


def show(findings: list[str]) -> str:
    return f"{len(findings)} findings, first of all:\n" + "\n".join(each[:500] for each in findings[:10])


def test_hostile_requests_are_all_answered_and_refused_with_problem_documents(siege: Siege) -> None:
    assert siege.outcome.sent == REQUESTS
    assert not siege.outcome.complaints, show(siege.outcome.complaints)


def test_hostile_requests_leave_no_span_with_a_5xx(siege: Siege) -> None:
    """Also where the client had gone before the answer."""
    assert [span for span in siege.spans if span.kind == "server"]
    broken = [
        f"{span.line()} {span.status_text} {span.attributes}"
        for span in siege.spans
        if int(span.attributes.get("http.response.status_code", 0)) >= 500
    ]
    assert not broken, show(broken)


def test_hostile_requests_leave_few_span_names_and_nothing_of_theirs_in_them(siege: Siege) -> None:
    assert len(siege.names) <= MAX_NAMES, sorted(siege.names)
    leaked = [
        name for name in siege.names if MARK in name.lower() or not name.isprintable() or len(name) > 64
    ]
    assert not leaked, show(leaked)


def test_hostile_requests_leave_nothing_of_theirs_in_the_spans(siege: Siege) -> None:
    leaked = [
        f"{span.line()}: {name} = {value!r}"
        for span in siege.spans
        for name, value in {**span.attributes, "events": span.events, "status": span.status_text}.items()
        if MARK in str(value).lower()
    ]
    assert not leaked, show(leaked)


def test_hostile_requests_leave_no_exception_in_the_logs(siege: Siege) -> None:
    broken = [line for line in siege.log if "error.type" in json.loads(line) or "Traceback" in line]
    assert not broken, show(broken)


def test_hostile_requests_do_not_flood_the_logs_and_leave_nothing_of_theirs(siege: Siege) -> None:
    assert sum(len(line) + 1 for line in siege.log) <= MAX_LOG_BYTES, show(siege.log)
    leaked = [line for line in siege.log if MARK in line.lower()]
    assert not leaked, show(leaked)


def test_hostile_requests_leave_the_services_alive(siege: Siege, shop: ShopInProcess) -> None:
    for client in (shop.order, shop.inventory, shop.payment):
        assert client.get("/readyz").status_code == 200
    assert (
        shop.place(new_order(customer_id=customer_of(siege.run) + "-after")).json()["status"] == "confirmed"
    )


def test_hostile_requests_write_nothing_but_what_was_right(siege: Siege, database: Any) -> None:
    theirs = {"_id": re.compile(f"^{siege.run}")}
    assert database["inventory"]["reservations"].count_documents(theirs) == 0
    assert database["payment"]["payments"].count_documents(theirs) == 0
    written = {
        order["_id"] for order in database["order"]["orders"].find({"customer_id": customer_of(siege.run)})
    }
    told = [json.loads(body) for body in siege.outcome.created if body.startswith(b"{")]
    assert written == {found for each in told if (found := each.get("id") or each.get("order_id"))}
    assert written


def test_hostile_requests_leave_every_product_balanced(siege: Siege, shop: ShopInProcess) -> None:
    items = shop.inventory.get("/stock").json()["items"]
    assert not [item for item in items if item["available"] + item["reserved"] != item["received"]]
    assert not [item for item in items if MARK in str(item)]


@pytest.fixture
def database(mongodb: str) -> Iterator[Any]:
    """MongoDB itself, behind the services' backs and without spans."""
    with suppress_instrumentation(), contextlib.closing(pymongo.MongoClient[Any](mongodb)) as client:
        yield client
