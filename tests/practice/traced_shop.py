"""The shop as three processes that send to a Collector, and its clients: what each was answered."""

import atexit
import tempfile
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Self

import httpx
import pymongo

from tests.sink import ServiceProcess
from tests.support import MongoServer, eventually, new_order, trace_id_of

SERVICES = ("order", "inventory", "payment")
CLIENTS = 4
Settings = dict[str, str]


@dataclass(frozen=True)
class Wanted:
    """An order to place; `kind` is what the experiment calls it."""

    kind: str = "ordinary"
    body: dict[str, Any] = field(default_factory=new_order)
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Placed:
    """What came of it."""

    kind: str
    trace_id: str
    sampled: bool
    status: int


@cache
def mongodb() -> str:
    """The URL of one MongoDB for all experiments of this process, goods in stock."""
    directory = tempfile.TemporaryDirectory(prefix="spanshop-practice-")
    server = MongoServer(Path(directory.name))
    atexit.register(directory.cleanup)
    atexit.register(server.stop)
    url = server.start()
    untraced = {"MONGODB_URL": url, "OTEL_SDK_DISABLED": "true"}
    with ServiceProcess("inventory", Path(directory.name), **untraced) as inventory:
        eventually(lambda: _stocked(inventory), seconds=30)
    return url


def _stocked(inventory: ServiceProcess) -> None:
    assert len(inventory.client.get("/stock").json().get("items", [])) >= 12, inventory.log


def _forget_what_is_pending() -> None:
    """Orders that another experiment left: recovery would put its traces among ours."""
    with pymongo.MongoClient[Any](mongodb()) as client:
        client["order"]["orders"].delete_many({"status": "pending"})


class TracedShop:
    """`settings` go to all three services; those under a service's name in `own` to that one only."""

    def __init__(self, directory: Path, otlp: str, settings: Settings, **own: Settings) -> None:
        common = {
            "MONGODB_URL": mongodb(),
            "OTEL_EXPORTER_OTLP_ENDPOINT": otlp,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "OTEL_METRIC_EXPORT_INTERVAL": "2000",
        } | settings
        callees = {
            name: ServiceProcess(name, directory, **common | own.get(name, {})) for name in SERVICES[1:]
        }
        urls = {f"{name.upper()}_URL": f"http://127.0.0.1:{one.port}" for name, one in callees.items()}
        order = ServiceProcess("order", directory, **common | urls | own.get("order", {}))
        self._services = {"order": order, **callees}

    def __enter__(self) -> Self:
        _forget_what_is_pending()
        with ExitStack() as stack:
            for service in self._services.values():
                stack.enter_context(service)
            eventually(self._ready, seconds=30)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """End them all at once; each sends its last spans and metrics."""
        stopping = [threading.Thread(target=service.stop) for service in self._services.values()]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()
        self._stack.close()

    def _ready(self) -> None:
        for service in self._services.values():
            assert service.client.get("/readyz").status_code == 200, service.log

    def place(self, orders: Iterable[Wanted]) -> list[Placed]:
        """Place them, a few at a time; none may go unanswered."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            return list(pool.map(self._place, orders))

    def _place(self, wanted: Wanted) -> Placed:
        answer: httpx.Response = self._services["order"].client.post(
            "/orders", json=wanted.body, headers=wanted.headers
        )
        flags = int(answer.headers["traceresponse"][-2:], 16)
        return Placed(wanted.kind, trace_id_of(answer), bool(flags & 1), answer.status_code)


def settled(look: Callable[[], object], *, times: int = 3, seconds: float = 30.0) -> None:
    """Wait until `look` has returned the same so many times in a row, 0.3 s apart."""
    seen: list[object] = []

    def quiet() -> None:
        seen.append(look())
        threading.Event().wait(0.3)
        assert len(seen) >= times
        assert all(each == seen[-1] for each in seen[-times:]), seen[-times:]

    eventually(quiet, seconds=seconds)
