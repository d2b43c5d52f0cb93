"""The three services in one of the set-ups, with a MongoDB of their own."""

import contextlib
import os
import signal
from pathlib import Path
from typing import Self

from tests.practice.variant import changed
from tests.sink import ServiceProcess
from tests.support import MongoServer, eventually

from .variants import Variant

CALLED = ("inventory", "payment")


class Shop:
    """`python`: which interpreter has the packages of the set-ups."""

    def __init__(self, variant: Variant, directory: Path, python: Path, otlp: str) -> None:
        self.variant = variant
        directory.mkdir()
        self._mongo = MongoServer(directory / "mongodb")
        services = changed(directory, *variant.changes)
        common = {
            "MONGODB_URL": self._mongo.url,
            "OTEL_EXPORTER_OTLP_ENDPOINT": otlp,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "OTEL_METRIC_EXPORT_INTERVAL": "5000",
            "PYTHONDONTWRITEBYTECODE": "",
            **variant.environment,
        }

        def service(name: str, **more: str) -> ServiceProcess:
            prefix = (str(python), "-m")
            return ServiceProcess(
                name, directory, *prefix, services=services, flags=variant.flags, **common, **more
            )

        self.services = [service(name) for name in CALLED]
        urls = {f"{each.name.upper()}_URL": f"http://127.0.0.1:{each.port}" for each in self.services}
        self.services.append(service("order", **urls))
        self.port = self.services[-1].port
        self._ends = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as ends:
            ends.callback(self._mongo.stop)
            self._mongo.start()
            for service in self.services:
                ends.enter_context(service)
            eventually(self._ready, seconds=30)
            self._ends = ends.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._tell(signal.SIGCONT)
        self._ends.close()

    def rest(self) -> None:
        """Use no CPU at all until `wake`."""
        self._tell(signal.SIGSTOP)

    def wake(self) -> None:
        """Return once everything answers again."""
        self._tell(signal.SIGCONT)
        eventually(self._ready, seconds=30)

    def _tell(self, what: signal.Signals) -> None:
        for pid in (*self.pids, self._mongo.pid):
            os.kill(pid, what)

    @property
    def pids(self) -> list[int]:
        return [service.process.pid for service in self.services]

    def _ready(self) -> None:
        for service in self.services:
            assert service.client.get("/readyz").status_code == 200, service.log
        assert len(self.services[0].client.get("/stock").json()["items"]) >= 12
