"""A constant open-loop load of orders: what each was answered, and how long after the moment it was due."""

import math
import threading
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

import httpx

from tests.support import Outside, new_order, trace_id_of

SKUS = ("lamp", "mug", "notebook", "pen", "backpack", "bottle")


@dataclass(frozen=True)
class Shot:
    """One order: second of the load at which it was due, seconds from then to its answer; 0: no answer."""

    due: float
    seconds: float
    status: int
    trace_id: str


class Load:
    """Places `rate` orders a second for some seconds, however long the answers take; runs beside the test."""

    def __init__(self, url: str, rate: float, seconds: float) -> None:
        self.shots: list[Shot] = []
        self.rate, self._count = rate, int(rate * seconds)
        limits = httpx.Limits(max_connections=None, keepalive_expiry=2.0)
        self._client = Outside(base_url=url, timeout=20, limits=limits, trust_env=False)
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._client.close()

    @property
    def second(self) -> float:
        """Which second of the load it is."""
        return time.monotonic() - self._began

    def until(self, second: float) -> None:
        """Wait for that second of the load."""
        threading.Event().wait(self._began + second - time.monotonic())

    def between(self, begin: float, end: float) -> list[Shot]:
        return [shot for shot in self.shots if begin <= shot.due < end]

    def _run(self) -> None:
        with ThreadPoolExecutor(64) as pool:
            for number in range(self._count):
                self.until(number / self.rate)
                pool.submit(self._shoot, number)

    def _shoot(self, number: int) -> None:
        due, status, trace_id = number / self.rate, 0, ""
        try:
            answer = self._client.post("/orders", json=new_order(SKUS[number % len(SKUS)]))
            status, trace_id = answer.status_code, trace_id_of(answer)
        except (httpx.HTTPError, KeyError):
            pass
        self.shots.append(Shot(due, time.monotonic() - self._began - due, status, trace_id))


def statuses(shots: Iterable[Shot]) -> dict[int, int]:
    return dict(Counter(shot.status for shot in shots))


def percentile(shots: Iterable[Shot], share: float) -> float:
    """The time that this share of the answers did not exceed, in milliseconds."""
    ordered = sorted(shot.seconds for shot in shots)
    return round(1000 * ordered[max(0, math.ceil(share * len(ordered)) - 1)], 1)
