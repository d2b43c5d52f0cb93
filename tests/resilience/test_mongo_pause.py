"""MongoDB stands still for ten seconds: clients hear 503 or 202, never 500; then all goes on at once."""

import asyncio
import time

from tests.e2e.conftest import Stack

from .chaos import Chaos
from .driver import Driver, Wanted, orders
from .figures import Figures
from .storm import Storm, assert_all_as_wanted, settled

PAUSE, BACK_WITHIN, RATE = 10.0, 2.0, 20
LONGEST = 13.0
"""Seconds any answer may take: two steps of 4 s and MongoDB's own timeouts, however long the pause is."""


def test_mongodb_paused_for_ten_seconds_makes_no_500_and_is_over_at_once(
    stack: Stack, chaos: Chaos, figures: Figures
) -> None:
    wanted = orders(int(RATE * (PAUSE + 5)), figures.random)
    driver = Driver(stack.url("ORDER"), clients=64, rate=RATE)
    resumed = asyncio.run(_pause_meanwhile(chaos, driver, wanted))
    happened = Storm(wanted, driver, [])
    answers = [answer for each in wanted for answer in each.answers]
    back = min(answer.at for answer in answers if answer.status == 201 and answer.at > resumed) - resumed
    chaos.await_well()
    _, seconds = settled(chaos, happened.acknowledged)
    slowest = max(answer.seconds for answer in answers)
    figures.say(
        **happened.figures(), slowest=round(slowest, 1), back_after=round(back, 2), settled_after=seconds
    )
    assert set(driver.statuses) <= {201, 202, 402, 409, 503}
    assert all(answer.retry_after for answer in answers if answer.status == 503)
    assert back <= BACK_WITHIN
    assert slowest <= LONGEST
    assert_all_as_wanted(chaos, wanted)


async def _pause_meanwhile(chaos: Chaos, driver: Driver, wanted: list[Wanted]) -> float:
    """Place the orders; from the second second on MongoDB stands still. Return when it went on."""

    async def pause() -> float:
        await asyncio.sleep(2)
        with chaos.paused("mongo"):
            await asyncio.sleep(PAUSE)
        return time.monotonic()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(driver.place(wanted))
        resumed = tasks.create_task(pause())
    return resumed.result()
