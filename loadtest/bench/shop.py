"""The three services in one of the set-ups, with a MongoDB of their own."""

import contextlib
import os
import random
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from tests.practice.variant import changed
from tests.sink import ServiceProcess
from tests.support import MongoServer, eventually

from .variants import Variant

CALLED = ("inventory", "payment")
APART = 0.25
"""Seconds, one period of a service's sender: OTEL_BSP_SCHEDULE_DELAY below."""
PYTHON = Path(__file__).parents[2] / ".venv-bench" / "bin" / "python"


class Shop:
    """`python` runs the set-ups that name no other. Nothing runs but while it is open."""

    def __init__(self, variant: Variant, directory: Path, python: Path, otlp: str) -> None:
        self.variant = variant
        directory.mkdir()
        self._directory, self._python = directory, variant.python or python
        self._code = changed(directory, *variant.changes)
        self._environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": otlp,
            "OTEL_BSP_SCHEDULE_DELAY": f"{1000 * APART:.0f}",
            "OTEL_METRIC_EXPORT_INTERVAL": "5000",
            "PYTHONDONTWRITEBYTECODE": "",
            **variant.environment,
        }
        self._services: list[ServiceProcess] = []
        self._mongo_pid = 0

    @contextlib.contextmanager
    def open(self) -> Iterator[Self]:
        """Run the services and a MongoDB without orders, all in new processes.

        A process can be slower than the next of its kind while it lives, and the MongoDB stand-in takes the
        longer to write an order the more it has.
        """
        self._services = []
        with contextlib.ExitStack() as ends:
            mongo = MongoServer(Path(ends.enter_context(tempfile.TemporaryDirectory(dir=self._directory))))
            ends.callback(mongo.stop)
            urls = {"MONGODB_URL": mongo.start()}
            self._mongo_pid = mongo.pid
            for name in (*CALLED, "order"):
                service = self._service(name, **urls)
                ends.push(service)  # at once: else Ctrl-C would leave it behind
                self._services.append(service)
                urls[f"{name.upper()}_URL"] = f"http://127.0.0.1:{service.port}"
            eventually(self._ready, seconds=30)
            ends.callback(self._go_on)  # else it could not end
            yield self

    @contextlib.contextmanager
    def awake(self) -> Iterator[None]:
        """Work, and stand still afterwards: a dozen that look for work once a second take half a core.

        The services wake up one by one. If all did so at once, their timers would run in step from then on,
        and all three would send within a fifth of a period, every time.
        """
        self._go_on(APART)
        eventually(self._ready, seconds=30)
        yield
        for pid in (*self.pids, self._mongo_pid):
            os.kill(pid, signal.SIGSTOP)

    def _go_on(self, apart: float = 0.0) -> None:
        for pid in (self._mongo_pid, *self.pids):  # who asks would think that a MongoDB that sleeps is gone
            with contextlib.suppress(ProcessLookupError):  # it ended by itself: that is what there is to say
                os.kill(pid, signal.SIGCONT)
            threading.Event().wait(random.uniform(0, apart))

    def _service(self, name: str, **more: str) -> ServiceProcess:
        python, environment = (str(self._python), "-m"), self._environment | more
        return ServiceProcess(
            name, self._directory, *python, services=self._code, flags=self.variant.flags, **environment
        )

    @property
    def pids(self) -> list[int]:
        return [service.process.pid for service in self._services]

    @property
    def port(self) -> int:
        """Of `order`, the front door."""
        return self._services[-1].port

    def _ready(self) -> None:
        for service in self._services:
            service.alive()
            assert service.client.get("/readyz").status_code == 200, service.log
        assert len(self._services[0].client.get("/stock").json()["items"]) >= 12
