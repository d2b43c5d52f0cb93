"""The three services as processes of their own, with MongoDB and wires between them."""

import contextlib
from pathlib import Path
from typing import Self

from tests.sink import SERVICES, ServiceProcess
from tests.support import MongoServer, eventually, free_ports
from tests.wire import Wire

NAMES = ("order", "inventory", "payment")


class ShopProcesses:
    """`services`: where their code is, if it is another copy; `environment` is added to each one's.

    `mongo` is one that runs already, if several shops are to share it.
    """

    def __init__(
        self,
        directory: Path,
        *,
        services: Path = SERVICES,
        mongo: MongoServer | None = None,
        **environment: str,
    ) -> None:
        self._directory, self._services, self._environment = directory, services, environment
        self._own = mongo is None
        self.mongo = mongo or MongoServer(directory / "mongodb")
        self._ends = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as ends:
            if self._own:
                ends.callback(self.mongo.stop)
                self.mongo.start()
            self._start(ends)
            self._ends = ends.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def _start(self, ends: contextlib.ExitStack) -> None:
        wires = dict(zip(NAMES[1:], free_ports(2), strict=True))
        common = {f"{name.upper()}_URL": f"http://127.0.0.1:{port}" for name, port in wires.items()}
        common |= {"MONGODB_URL": self.mongo.url, "OTEL_BSP_SCHEDULE_DELAY": "100", **self._environment}
        self.services = {
            name: ServiceProcess(name, self._directory, services=self._services, **common) for name in NAMES
        }
        for service in self.services.values():
            ends.callback(service.__exit__)
        self.order, self.inventory, self.payment = (each.client for each in self.services.values())
        self.wires = {name: Wire(port, self.services[name].port, keep=True) for name, port in wires.items()}
        for wire in self.wires.values():
            wire.start()
            ends.callback(wire.stop)
        for service in self.services.values():
            service.__enter__()
            eventually(lambda at=service: _is_ready(at), seconds=20)  # type: ignore[misc]
        eventually(lambda: _is_seeded(self.services["inventory"]), seconds=20)

    def heads(self) -> dict[str, list[str]]:
        """Request lines and headers of all calls so far, by the service called."""
        return {name: wire.heads() for name, wire in self.wires.items()}

    def stop(self) -> None:
        """Stop the services; they send what telemetry they have left."""
        for service in self.services.values():
            service.stop()


def _is_ready(service: ServiceProcess) -> None:
    assert service.client.get("/readyz").status_code == 200, service.log


def _is_seeded(inventory: ServiceProcess) -> None:
    assert len(inventory.client.get("/stock").json()["items"]) >= 12
