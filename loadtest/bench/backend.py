"""What stands behind the services while they are measured: MongoDB, Jaeger on disk, and two Collectors."""

import contextlib
from pathlib import Path
from typing import Self

from tests.practice.jaeger_process import JaegerProcess
from tests.resilience.collector import BASE, Collector
from tests.support import MongoServer


class Backend:
    """All of it, once for all runs."""

    def __init__(self, directory: Path) -> None:
        self._mongo = MongoServer(directory / "mongodb")
        self._jaeger = JaegerProcess(directory, "badger")
        tail = BASE.with_name("tail-sampling.yaml")
        self.collectors = {
            "plain": Collector(directory / "plain", self._jaeger.otlp),
            "tail-sampling": Collector(directory / "tail", self._jaeger.otlp, tail),
        }
        self._ends = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as ends:
            self.mongodb = self._mongo.start()
            ends.callback(self._mongo.stop)
            ends.enter_context(self._jaeger)
            for collector in self.collectors.values():
                ends.callback(collector.stop)
                collector.start()
            self._ends = ends.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def pids(self, collector: str) -> list[int]:
        """Of those that work on spans."""
        return [self.collectors[collector].pid, self._jaeger.pid]
