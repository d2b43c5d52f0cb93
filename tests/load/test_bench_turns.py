"""`make bench` gives set-ups that stand side by side their orders in turn, and what is behind steps back."""

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any, cast

from loadtest.bench.backend import step_back
from loadtest.bench.driver import Run
from loadtest.bench.measure import LEAD, in_all, side_by_side
from loadtest.bench.shop import Shop
from loadtest.bench.variants import Variant
from tests.load.locust import stub

SECONDS, RATE = 0.5, 40.0


@dataclass
class StandIn:
    """What the loop needs of a Shop."""

    variant: Variant
    port: int

    def awake(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


def seen(*stalls: tuple[float, float]) -> list[dict[str, Any]]:
    """For each shop, which after so many seconds gives no answers for so many: what its orders took."""
    shops = []
    with stub(*map(str, stalls[0])) as one, stub(*map(str, stalls[1])) as other:
        for name, url in (("one", one), ("other", other)):
            shops.append(cast(Shop, StandIn(Variant(name), int(url.rpartition(":")[2]))))
        found = side_by_side(shops, lambda: RATE, SECONDS)
    return [found["one"], found["other"]]


def test_stall_counts_for_the_set_up_that_has_it_but_not_in_the_lead() -> None:
    late, early = seen((LEAD + 0.1, 0.6), (0.0, 0.6))
    assert late["p99"] > 300
    assert early["p99"] < 200
    assert late["failed"] == early["failed"] == 0


def test_one_bad_slice_decides_p99_but_not_that_of_the_middle_slice() -> None:
    good, bad = Run(milliseconds=[10.0] * 100), Run(milliseconds=[10.0] * 90 + [500.0] * 10)
    found = in_all([good, bad, good])
    assert (found["p99"], found["p99_slice"]) == (500.0, 10.0)


def test_what_is_behind_works_while_the_services_do_not() -> None:
    with subprocess.Popen(["sleep", "5"]) as behind:
        step_back(behind.pid)
        found = os.sched_getscheduler(behind.pid)
        behind.kill()
    assert found == os.SCHED_IDLE


def test_too_few_orders_to_take_turns_says_how_many_it_takes() -> None:
    asked = [sys.executable, "-m", "loadtest.bench", "--orders", "3"]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "--orders must be 20 or more, not 3" in told.stderr
