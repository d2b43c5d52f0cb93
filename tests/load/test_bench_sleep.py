"""Between its turns a shop of `make bench` takes nothing from the one whose turn it is."""

import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil

from loadtest.bench.driver import closed_loop
from loadtest.bench.shop import Shop
from loadtest.bench.variants import VARIANTS
from tests.support import eventually

TURNS = 3
IN_STEP = 0.05  # seconds; by chance the services wake up so close together in one turn of fifty
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


def test_services_wake_up_one_by_one_so_that_they_do_not_send_in_step(tmp_path: Path) -> None:
    with Shop(VARIANTS[0], tmp_path / "shop", PYTHON, "http://127.0.0.1:9").open() as shop:
        services = [psutil.Process(pid) for pid in shop.pids]
        apart = [_spread(shop, services) for _ in range(TURNS)]
    assert max(apart) > IN_STEP


def test_set_up_with_a_python_of_its_own_runs_in_that_one(tmp_path: Path) -> None:
    other = replace(VARIANTS[0], python=PYTHON)
    with Shop(other, tmp_path / "shop", Path("/nonexistent"), "http://127.0.0.1:9").open() as shop:
        assert {psutil.Process(pid).cmdline()[0] for pid in shop.pids} == {sys.executable}


def _spread(shop: Shop, services: list[psutil.Process]) -> float:
    """Seconds from the first service of a turn that wakes up to the last one."""
    with shop.awake():
        pass

    def asleep() -> None:
        assert all(service.status() == psutil.STATUS_STOPPED for service in services)

    eventually(asleep)
    seen: list[float] = []
    watchers = [threading.Thread(target=_note, args=(service, seen)) for service in services]
    for watcher in watchers:
        watcher.start()
    with shop.awake():
        for watcher in watchers:
            watcher.join()
    return max(seen) - min(seen)


def _note(service: psutil.Process, seen: list[float]) -> None:
    ends = time.monotonic() + 30
    while service.status() == psutil.STATUS_STOPPED and time.monotonic() < ends:
        threading.Event().wait(0.002)
    seen.append(time.monotonic())
