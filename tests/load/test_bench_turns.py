"""`make bench` gives set-ups that stand side by side their orders in turn, and what is behind steps back."""

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from loadtest.bench.backend import step_back
from loadtest.bench.driver import Run
from loadtest.bench.measure import LEAD, in_all, side_by_side
from loadtest.bench.quiet import quiet, stolen_seconds
from loadtest.bench.shop import Shop
from loadtest.bench.variants import Variant
from tests.load.locust import stub

SECONDS, RATE = 0.5, 40.0
STAT = Path("/proc/stat")


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


def runs(*stolen: float) -> list[Run]:
    return [Run(milliseconds=[10.0 if share < 0.02 else 500.0] * 100, stolen=share) for share in stolen]


def test_slice_that_others_took_the_machine_in_does_not_count_and_is_told() -> None:
    found = in_all(runs(0.0, 0.3, 0.01, 0.0))
    assert (found["p99"], found["slices"], found["counted"]) == (10.0, 4, 3)


def test_machine_that_is_hardly_quiet_still_counts_the_better_half() -> None:
    slices = runs(0.3, 0.0, 0.2, 0.1)
    assert quiet(slices) == [slices[1], slices[3]]
    assert in_all(slices)["counted"] == 2


@pytest.mark.skipif(not STAT.exists(), reason="this system does not say what others take of it")
def test_what_others_took_is_what_the_kernel_says() -> None:
    before, found, after = _stolen_ticks(), stolen_seconds(), _stolen_ticks()
    assert before <= round(found * (os.cpu_count() or 1) * os.sysconf("SC_CLK_TCK")) <= after


def _stolen_ticks() -> int:
    """Of all cores: the eighth number (proc_stat(5))."""
    return int(STAT.read_text().split()[8])


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
