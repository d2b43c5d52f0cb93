"""What processes used, from the system's own accounting."""

from collections.abc import Iterable
from typing import Self

import psutil


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of all threads so far."""
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return sum(each.user + each.system for each in times)


def mebibytes(pids: Iterable[int]) -> float:
    """Resident memory."""
    return sum(psutil.Process(pid).memory_info().rss for pid in pids) / 2**20


class Meter:
    """CPU time of processes."""

    milliseconds = 0.0

    def __init__(self, pids: Iterable[int]) -> None:
        self._pids = list(pids)

    def __enter__(self) -> Self:
        self._before = cpu_seconds(self._pids)
        return self

    def __exit__(self, *_: object) -> None:
        self.milliseconds = 1000 * (cpu_seconds(self._pids) - self._before)
