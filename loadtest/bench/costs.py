"""What processes used, from the system's own accounting, and how fast this machine is at the moment."""

import threading
import time
from collections.abc import Iterable
from typing import Self

import psutil

LOOPS, EVERY = 20_000, 0.15


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of all threads so far."""
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return sum(each.user + each.system for each in times)


def mebibytes(pids: Iterable[int]) -> float:
    """Resident memory."""
    return sum(psutil.Process(pid).memory_info().rss for pid in pids) / 2**20


class Meter:
    """CPU time of processes, and `speed`: CPU seconds that the same small piece of work took meanwhile.

    CPU time is worth less on a busy or throttled core.
    """

    milliseconds, speed = 0.0, 0.0

    def __init__(self, pids: Iterable[int]) -> None:
        self._pids = list(pids)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._calibrate)

    def __enter__(self) -> Self:
        self._before = cpu_seconds(self._pids)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.milliseconds = 1000 * (cpu_seconds(self._pids) - self._before)
        self._over.set()
        self._thread.join()

    def _calibrate(self) -> None:
        took: list[float] = []
        while not took or not self._over.wait(EVERY):
            began = time.thread_time()
            sum(n * n for n in range(LOOPS))
            took.append(time.thread_time() - began)
        self.speed = sum(took) / len(took)
