"""What processes used, from the system's own accounting, and how fast this machine is at the moment."""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
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


@dataclass
class Calibrator:
    """The same small piece of work again and again: CPU time is worth less on a busy or throttled core."""

    total: float = 0.0
    times: int = 0

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._repeat)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        """CPU seconds of one piece, on average."""
        return self.total / self.times

    def _repeat(self) -> None:
        while True:
            began = time.thread_time()
            sum(n * n for n in range(LOOPS))
            self.total += time.thread_time() - began
            self.times += 1
            if self._over.wait(EVERY):
                return
