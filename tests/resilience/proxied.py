"""The three services as processes of their own, a Toxiproxy on every edge, a sink as the Collector."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import pymongo

from tests.sink import ServiceProcess, Sink
from tests.support import MongoServer, Outside, eventually, new_order

from .toxiproxy import Toxiproxy

INVENTORY, PAYMENT, COLLECTOR = "order to inventory", "order to payment", "services to Collector"
MONGODB = {name: f"{name} to MongoDB" for name in ("order", "inventory", "payment")}
EDGES = (INVENTORY, PAYMENT, *MONGODB.values(), COLLECTOR)


class ProxiedShop:
    """Its edges go through `toxiproxy`; `sink` has the spans; `mongodb_url`, to look inside, has no proxy."""

    def __init__(self, directory: Path, seed: int) -> None:
        self._directory, self._stack = directory, ExitStack()
        self._mongo = MongoServer(directory / "mongodb")
        self.sink, self.toxiproxy = Sink(), Toxiproxy(directory / "toxiproxy.log", seed)
        self.mongodb_url = self._mongo.url

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.toxiproxy = stack.enter_context(self.toxiproxy)
            stack.enter_context(self.sink)
            stack.callback(self._mongo.stop)
            self._mongo.start()
            self._telemetry = self._through(COLLECTOR, int(self.sink.url.rpartition(":")[2]))
            self._start_services(stack)
            self.await_well()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start_services(self, stack: ExitStack) -> None:
        inventory, payment = (stack.push(self._service(name)) for name in ("inventory", "payment"))
        ways = {
            "INVENTORY_URL": self._through(INVENTORY, inventory.port),
            "PAYMENT_URL": self._through(PAYMENT, payment.port),
        }
        order = stack.push(self._service("order", **ways))
        for service in (inventory, payment, order):
            service.__enter__()  # waits until it answers
        self._inventory, self.url = inventory.client, f"http://127.0.0.1:{order.port}"
        self._order = stack.enter_context(Outside(base_url=self.url, timeout=20))

    def _through(self, edge: str, port: int) -> str:
        return f"http://127.0.0.1:{self.toxiproxy.proxy(edge, port)}"

    def _service(self, name: str, **more: str) -> ServiceProcess:
        database = self._through(MONGODB[name], self._mongo.port).replace("http", "mongodb")
        telemetry = {"OTEL_EXPORTER_OTLP_ENDPOINT": self._telemetry, "OTEL_BSP_SCHEDULE_DELAY": "250"}
        return ServiceProcess(name, self._directory, MONGODB_URL=database, **telemetry, **more)

    def await_well(self, seconds: float = 20) -> None:
        """Wait until an order is confirmed at once."""

        def confirmed() -> None:
            assert self._order.post("/orders", json=new_order()).status_code == 201

        eventually(confirmed, seconds=seconds)

    def stock(self, sku: str) -> dict[str, int]:
        """Pieces of a product, asked at inventory itself."""
        return self._inventory.get(f"/stock/{sku}").json()

    def release_again(self, order_id: str) -> None:
        assert self._inventory.delete(f"/reservations/{order_id}").status_code == 204

    @contextmanager
    def mongodb(self) -> Iterator[pymongo.MongoClient[dict[str, Any]]]:
        """A client to look at what is written down."""
        with pymongo.MongoClient[dict[str, Any]](self.mongodb_url, tz_aware=True) as client:
            yield client
