"""The shop with requests of every kind, each with ids nobody has seen."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.sink import ServiceProcess
from tests.support import new_order

from .traced_shop import CLIENTS, Settings, TracedShop, mongodb

# So patient that on a busy machine, too, no call is repeated: a repetition has series of its own, rightly.
PATIENT = {"TRY_TIMEOUT": "30", "STEP_TIMEOUT": "60", "MONGODB_TIMEOUT": "30", "MAX_IN_FLIGHT": "100"}
SETTINGS: Settings = PATIENT | {
    "OTEL_METRIC_EXPORT_INTERVAL": "500",
    "OTEL_BSP_MAX_QUEUE_SIZE": "20000",
    "OTEL_RESOURCE_ATTRIBUTES": "service.namespace=spanshop",
}


class BusyShop(TracedShop):
    """`placed`: how many orders so far, by whatever they were answered."""

    def __init__(self, directory: Path, otlp: str) -> None:
        super().__init__(directory, otlp, SETTINGS)
        self._orders: list[int] = []
        self._otlp = otlp

    @property
    def placed(self) -> int:
        return len(self._orders)

    def ask(self, service: str, method: str, path: str, body: Any = None) -> int:
        return self._services[service].client.request(method, path, json=body).status_code

    def order(self, **more: Any) -> int:
        """Place an order of a new customer."""
        status = self.ask("order", "POST", "/orders", new_order(customer_id=str(uuid4()), **more))
        self._orders.append(status)
        return status

    def all_with_new_ids(self, number: int) -> None:
        """An order of a new customer, and a new path: of an order nobody placed, or one nobody serves."""
        assert self.order() == 201
        service = ("order", "inventory", "payment")[number // 2 % 3]
        path = f"/orders/{uuid4()}" if number % 2 else f"/{uuid4()}"
        assert self.ask("order" if number % 2 else service, "GET", path) == 404
        if number % 10 == 0:
            assert self.ask("order", f"M{uuid4().hex}", "/orders") == 400

    def once_each(self) -> None:
        """Everything there is, once: what comes after can add ids only. But no declined order."""
        for number in range(6):
            self.all_with_new_ids(number)
        assert self.order(sku="unicorn") == 409

    def many(self, numbers: range) -> None:
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(self.all_with_new_ids, numbers))

    def stop_order(self) -> None:
        self._services["order"].stop()

    def another_order(self, directory: Path) -> ServiceProcess:
        """Return a further process of the service order."""
        callees = {
            f"{name.upper()}_URL": f"http://127.0.0.1:{self._services[name].port}"
            for name in ("inventory", "payment")
        }
        sends = {"MONGODB_URL": mongodb(), "OTEL_EXPORTER_OTLP_ENDPOINT": self._otlp}
        directory.mkdir(exist_ok=True)
        return ServiceProcess("order", directory, **SETTINGS, **sends, **callees)
