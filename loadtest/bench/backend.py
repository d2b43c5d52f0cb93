"""What stands behind the services when measured: Collectors, Jaeger on disk and in memory, a stub."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Self

from tests.practice.jaeger_process import JaegerProcess
from tests.resilience.collector import BASE, Collector
from tests.support import free_ports

from .variants import Variant

ONE_CORE = "1"
"""GOMAXPROCS, as in supervisord.conf."""


class Backend:
    """All of it, once for all runs."""

    def __init__(self, directory: Path) -> None:
        on_disk, in_memory = (_jaeger(directory / f"jaeger-{kind}", kind) for kind in ("badger", "memory"))
        self._jaegers = {"plain": on_disk, "memory": in_memory, "tail-sampling": on_disk}
        tail = BASE.with_name("tail-sampling.yaml")
        self.collectors = {
            "plain": Collector(directory / "plain", on_disk.otlp, GOMAXPROCS=ONE_CORE),
            "memory": Collector(directory / "memory", in_memory.otlp, GOMAXPROCS=ONE_CORE),
            "tail-sampling": Collector(directory / "tail", on_disk.otlp, tail, GOMAXPROCS=ONE_CORE),
        }
        self._elsewhere_port = free_ports(1)[0]
        self._ends = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as ends:
            for jaeger in {*self._jaegers.values()}:
                ends.enter_context(jaeger)
            for collector in self.collectors.values():
                ends.callback(collector.stop)
                collector.start()
            command = [sys.executable, "-m", f"{__package__}.elsewhere", str(self._elsewhere_port)]
            self._elsewhere = subprocess.Popen(command)
            ends.callback(self._elsewhere.wait)
            ends.callback(self._elsewhere.terminate)
            for name in (*self.collectors, "elsewhere"):
                for pid in self.pids(name):
                    step_back(pid)
            self._ends = ends.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def url(self, variant: Variant) -> str:
        """Where the spans of a set-up go."""
        if variant.collector == "elsewhere":
            return f"http://127.0.0.1:{self._elsewhere_port}"
        return variant.environment.get("OTEL_EXPORTER_OTLP_ENDPOINT", self.collectors[variant.collector].url)

    def pids(self, collector: str) -> list[int]:
        """Of those that work on spans."""
        if collector == "elsewhere":
            return [self._elsewhere.pid]
        return [self.collectors[collector].pid, self._jaegers[collector].pid]


def _jaeger(directory: Path, storage: str) -> JaegerProcess:
    directory.mkdir()
    return JaegerProcess(directory, storage, GOMAXPROCS=ONE_CORE)


def step_back(pid: int) -> None:
    """Elsewhere it would have a machine of its own: here it works while the services do not.

    Being nice is not enough: since Linux 6.6 (EEVDF) what wakes up waits for the slice of a nice one to end.
    """
    for task in os.listdir(f"/proc/{pid}/task"):
        os.sched_setscheduler(int(task), os.SCHED_IDLE, os.sched_param(0))
