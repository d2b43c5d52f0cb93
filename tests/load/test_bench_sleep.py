"""Between its turns a shop of `make bench` takes nothing from the one whose turn it is."""

import sys
from pathlib import Path

import psutil

from loadtest.bench.driver import closed_loop
from loadtest.bench.shop import Shop
from loadtest.bench.variants import VARIANTS
from tests.support import eventually

PYTHON = Path(sys.executable)


def test_shop_stands_still_between_its_turns_and_takes_orders_in_the_next(tmp_path: Path) -> None:
    before = {*psutil.Process().children()}
    with Shop(VARIANTS[0], tmp_path / "shop", PYTHON, "http://127.0.0.1:9").open() as shop:
        processes = {*psutil.Process().children()} - before

        def asleep() -> None:
            assert {process.status() for process in processes} == {psutil.STATUS_STOPPED}

        for _ in range(2):
            with shop.awake():
                assert closed_loop(shop.port, 2, 20).failed == 0
            eventually(asleep)
    assert len(processes) == 4  # three services and their MongoDB
    assert [process for process in processes if process.is_running()] == []
