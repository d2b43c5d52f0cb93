"""Four times what the system can do: it refuses early, keeps its memory, and is itself again right after."""

import asyncio
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import httpx

from tests.e2e.conftest import Stack
from tests.support import eventually, new_order

from .chaos import KILLABLE, Chaos
from .conftest import FULL
from .driver import Answer, Driver, Wanted
from .figures import Figures
from .flood import SKUS, Flood
from .storm import settled, storm

SECONDS = 60 if FULL else 15
REFUSED_WITHIN = 1.0  # seconds, for 99 of 100, those of the first second too: all open their connections then
GROWTH = 64  # MiB more of resident memory than before, for each service
NORMAL_AGAIN = 10.0  # seconds


def test_four_times_the_sustainable_rate_is_refused_early_and_over_soon(
    stack: Stack, chaos: Chaos, figures: Figures
) -> None:
    rate = 4 * sustainable(stack, chaos)
    usual = max(latency(stack) for _ in range(20))  # by itself it varies, from 8 to 15 ms
    with memory(chaos) as peak:
        before = dict(peak)
        flood = Flood(int(stack.environment["ORDER_PORT"]), rate, SECONDS)
        answers = asyncio.run(flood.run())
        began = time.monotonic()
        eventually(lambda: _is_normal(stack, usual), seconds=NORMAL_AGAIN)
        normal = time.monotonic() - began
    slow = slowest_refusal(answers)
    settled(chaos, {a.order_id for a in answers if a.status == 201 and a.order_id})
    figures.say(
        offered_per_second=round(rate),
        seconds=SECONDS,
        most_in_flight=flood.most_in_flight,
        answers={str(s): sum(a.status == s for a in answers) for s in sorted({a.status for a in answers})},
        refused_p99_ms=round(slow * 1000),
        usual_ms=round(usual * 1000, 1),
        normal_after=round(normal, 1),
        memory_mib={name: f"{before[name]:.0f} -> {peak[name]:.0f}" for name in peak},
    )
    assert {answer.status for answer in answers} <= {201, 202, 402, 409, 503}
    assert all(answer.retry_after for answer in answers if answer.status == 503)
    assert slow <= REFUSED_WITHIN
    assert all(peak[name] - before[name] <= GROWTH for name in peak)


def slowest_refusal(answers: list[Answer]) -> float:
    """Seconds in which 99 of 100 were refused."""
    refused = sorted(answer.seconds for answer in answers if answer.status == 503)
    assert refused, "nobody was refused"
    return refused[len(refused) * 99 // 100]


def sustainable(stack: Stack, chaos: Chaos) -> float:
    """Good orders per second that sixteen clients get through, each waiting for its answer."""
    driver = Driver(stack.url("ORDER"))
    storm(chaos, driver, [Wanted("good", new_order(SKUS[number % len(SKUS)])) for number in range(600)])
    return driver.answered / driver.seconds


def latency(stack: Stack) -> float:
    """Median seconds of ten good orders, one after the other."""
    with stack.order as client:
        return statistics.median(_timed(client) for _ in range(10))


def _timed(client: httpx.Client) -> float:
    began = time.monotonic()
    answer = client.post("/orders", json=new_order())
    assert answer.status_code == 201, answer.text
    return time.monotonic() - began


def _is_normal(stack: Stack, usual: float) -> None:
    assert latency(stack) <= 1.5 * usual


@contextmanager
def memory(chaos: Chaos) -> Iterator[dict[str, float]]:
    """The most resident memory each service had since the block began, in MiB."""
    processes = {name: chaos.process(name) for name in KILLABLE}
    peak = {name: process.memory_info().rss / 2**20 for name, process in processes.items()}
    over = Event()

    def watch() -> None:
        while not over.wait(0.25):
            for name, process in processes.items():
                peak[name] = max(peak[name], process.memory_info().rss / 2**20)

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()
