"""What the layers share: the shop in this process, MongoDB, and the spans made.

Each service runs behind a real socket on a thread of its own, so only bytes and headers cross between them.
"""

import os

# Before any service is imported: telemetry reads the standard variables once.
os.environ |= {
    "OTEL_SERVICE_NAME": "spanshop-tests",
    "OTEL_TRACES_EXPORTER": "none",  # the spans go to memory, see `spans`
    "OTEL_METRICS_EXPORTER": "none",
    "OTEL_LOGS_EXPORTER": "none",
    "OTEL_PROPAGATORS": "tracecontext,baggage",
}

from collections.abc import Iterator

import pytest

from tests.support import MongoServer, ShopInProcess, SpanMemory, free_ports
from tests.wire import Wire


@pytest.fixture(scope="session")
def mongodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a MongoDB of our own: MONGODB_URL if it is set, else the stand-in on a free port."""
    if url := os.environ.get("TEST_MONGODB_URL"):
        yield url
        return
    server = MongoServer(tmp_path_factory.mktemp("mongodb"))
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def shop(mongodb: str) -> Iterator[ShopInProcess]:
    """order, inventory and payment, running in this process against MongoDB."""
    order, inventory, payment, *wires = free_ports(5)
    to_inventory, to_payment = Wire(wires[0], inventory), Wire(wires[1], payment)
    os.environ |= {
        "MONGODB_URL": mongodb,
        "INVENTORY_URL": f"http://127.0.0.1:{to_inventory.port}",
        "PAYMENT_URL": f"http://127.0.0.1:{to_payment.port}",
    }
    with ShopInProcess([order, inventory, payment], to_inventory, to_payment) as running:
        yield running


@pytest.fixture(scope="session")
def spans(shop: ShopInProcess) -> SpanMemory:
    """Every span the shop in this process ends, by trace id."""
    return SpanMemory.attach(shop)
