"""An order whose payment was declined gives its goods back exactly once, wherever `order` dies meanwhile."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from tests.e2e.conftest import Stack
from tests.support import DECLINED, eventually, new_order

from .chaos import Chaos, plan
from .conftest import FULL
from .driver import Driver, Wanted
from .figures import Figures
from .storm import assert_all_as_wanted, settled, storm
from .test_races import stock

DECLINES, KILLS = (1000, 10) if FULL else (150, 3)


@pytest.mark.parametrize("dies", [["order"], ["order", "inventory"]], ids=" and ".join)
def test_killed_between_the_decline_and_the_release_gives_back_once(
    stack: Stack, chaos: Chaos, figures: Figures, dies: list[str]
) -> None:
    wanted, before = Wanted("declined", new_order("chair", 3, DECLINED)), stock(stack, "chair")
    with _declined_and_not_released(stack, chaos, wanted):
        held = stock_in_mongodb(chaos, "chair")
        for name in dies:
            chaos.kill(name)
    began = time.monotonic()
    eventually(lambda: _is(chaos, wanted, "rejected", "payment-declined"), seconds=40)
    figures.say(killed=dies, recovered_after=round(time.monotonic() - began, 1))
    chaos.await_well()
    settled(chaos, set())
    assert held == before["reserved"] + 3
    assert stock(stack, "chair") == before


@contextmanager
def _declined_and_not_released(stack: Stack, chaos: Chaos, wanted: Wanted) -> Iterator[None]:
    """Inside, `order` has written down the decline of this order and waits for inventory, which is paused."""

    def post() -> None:
        with stack.order as client, pytest.raises(httpx.HTTPError):
            client.post("/orders", json=wanted.body, headers={"idempotency-key": wanted.key})

    with ThreadPoolExecutor(1) as client:
        with chaos.paused("payment"):
            posted = client.submit(post)
            eventually(lambda: _is_held(chaos, wanted), seconds=5)
            still = chaos.process("inventory")
            still.suspend()
        try:
            eventually(lambda: _is(chaos, wanted, "pending", "payment-declined"), seconds=5)
            yield
        finally:
            if still.is_running():
                still.resume()
        posted.result(30)


def _is_held(chaos: Chaos, wanted: Wanted) -> None:
    with chaos.mongodb() as client:
        order = client["order"]["orders"].find_one({"idempotency_key": wanted.key})
        assert order
        assert client["inventory"]["reservations"].count_documents({"_id": order["_id"], "state": "held"})


def _is(chaos: Chaos, wanted: Wanted, status: str, reason: str) -> None:
    with chaos.mongodb() as client:
        order = client["order"]["orders"].find_one({"idempotency_key": wanted.key})
    assert order
    assert (order["status"], order["reason"]) == (status, reason)


def stock_in_mongodb(chaos: Chaos, sku: str) -> int:
    """How many pieces are reserved, while inventory can't be asked."""
    with chaos.mongodb() as client:
        return int((client["inventory"]["stock"].find_one({"_id": sku}) or {})["reserved"])


def test_kills_at_random_while_orders_are_declined_lose_no_piece(
    stack: Stack, chaos: Chaos, figures: Figures
) -> None:
    before = stock(stack, "headphones")
    wanted = [Wanted("declined", new_order("headphones", 2, DECLINED)) for _ in range(DECLINES)]
    blows = plan(DECLINES, KILLS, 0, figures.random, victims=["order", "inventory"])
    happened = storm(chaos, Driver(stack.url("ORDER"), rate=25), wanted, blows)
    _, seconds = settled(chaos, set())
    figures.say(**happened.figures(), settled_after=seconds)
    assert_all_as_wanted(chaos, wanted)
    assert stock(stack, "headphones") == before
