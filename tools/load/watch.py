"""Looks on while the load runs: does the Collector answer, what does it count, what does everybody use."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import httpx

from deploy.native.daemon import Daemon
from deploy.native.ports import settings
from deploy.native.programs import environment

from ..jaeger import Jaeger
from ..tracecheck import CannotCheck, Trace
from ..urls import Urls
from .fate import Evidence
from .journal import Trip, first_sampled, unsent
from .metrics import UPTIME, Growth, of_collector, of_sdks, page
from .pace import Pace
from .processes import Processes, of_locust
from .stored import is_whole

EVERY = 0.5


class Watch:
    """`with Watch(...) as watch:` around the load; `evidence`, `processes` and `pace` after it."""

    def __init__(self, where: Urls, journal: Path, locust: Callable[[], int | None]) -> None:
        self._where, self._journal, self._locust = where, journal, locust
        self._daemon = Daemon(environment(settings()))
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._collector, self._sdks, self._away = Growth(), Growth(), Absence()
        self._witness: Trip | None = None
        self.processes = Processes(self._pids)
        self.pace = Pace()

    def __enter__(self) -> Self:
        self._look()
        self.look_at_sdks()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def evidence(self) -> Evidence:
        """What was seen. Look once more before: what is under way is counted when it has arrived."""
        self._look()
        self.look_at_sdks()
        lost = {name: int(count) for name, count in self._sdks.total.items() if count}
        return Evidence(
            load_sdk=unsent(self._journal),
            service_sdk=lost,
            collector={name: n for name, n in self._collector.total.items() if name != UPTIME},
            restarts=self._collector.restarts,
            away=self._away.until_now(),
            witness=self._witness,
        )

    def _run(self) -> None:
        while not self._over.wait(EVERY):
            self._look()
            self.processes.look()
            self.pace.look()
            self._witness = self._witness or self._first_whole_trip()

    def _look(self) -> None:
        try:
            self._collector.look(of_collector(page(self._where.collector_metrics)))
            self._away.answered()
        except httpx.HTTPError:
            self._away.missed()

    def look_at_sdks(self) -> None:
        try:
            self._sdks.look(of_sdks(page(self._where.collector_exported)))
        except httpx.HTTPError:
            return

    def _pids(self) -> dict[str, int]:
        """In Docker there are none of ours but Locust's."""
        shop = {name: pid for name, (_, pid) in self._daemon.states().items() if pid}
        return shop | (of_locust(pid) if (pid := self._locust()) else {})

    def _first_whole_trip(self) -> Trip | None:
        trip = first_sampled(self._journal)
        try:
            there = trip and is_whole(_trace(self._where.jaeger, trip.trace_id), trip)
        except CannotCheck:
            return None
        return trip if there else None


class Absence:
    """From when to when somebody did not answer, in seconds since 1970."""

    def __init__(self) -> None:
        self._times: list[tuple[float, float]] = []
        self._since: float | None = None

    def missed(self) -> None:
        self._since = self._since or time.time()

    def answered(self) -> None:
        if self._since:
            self._times.append((self._since, time.time()))
        self._since = None

    def until_now(self) -> list[tuple[float, float]]:
        return [*self._times, *([(self._since, time.time())] if self._since else [])]


def _trace(url: str, trace_id: str) -> Trace:
    jaeger = Jaeger(url)
    try:
        return jaeger.trace(trace_id)
    finally:
        jaeger.close()
