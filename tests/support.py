"""Helpers of the tests: servers that start and stop, the client of the shop, the memory of spans."""

import asyncio
import contextlib
import os
import random
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import pymongo
import uvicorn
from opentelemetry import trace
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.wire import Wire
from tools.tracecheck import Span, Trace

T = TypeVar("T")
_given: set[int] = set()
FROM, TO = map(int, os.environ.get("TEST_PORTS", "15000-32000").split("-"))
"""Tests that run at the same time as others have a part of it each: `mutate.py`."""
# As a shell starts a job in the background: it tells it to ignore Ctrl-C, and Python then does.
IGNORANT = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]
OK, DECLINED = "pm_card_ok", "pm_card_declined"


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now, each given once: who got it first may not listen yet.

    Below 32768: from there on up a system takes ports for outgoing connections, and one that is free now may
    be somebody's by the time a program wants to listen on it.
    """
    ports: list[int] = []
    with contextlib.ExitStack() as stack:
        while len(ports) < count:
            port, one = random.randrange(FROM, TO), stack.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                one.bind(("127.0.0.1", port))
                if port not in _given:
                    ports.append(port)
                    _given.add(port)
    return ports


def eventually(look: Callable[[], T], *, seconds: float = 10.0, pause: float = 0.02) -> T:
    """Return what `look` returns once it raises no AssertionError; raise its last one at the deadline.

    `pause`: seconds before it looks again; more where a look is dear.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return look()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            threading.Event().wait(pause)


def new_order(sku: str = "lamp", quantity: int = 1, method: str = OK, **more: Any) -> dict[str, Any]:
    lines = [{"sku": sku, "quantity": quantity}]
    return {"customer_id": "customer-9", "lines": lines, "payment_method": method} | more


def trace_id_of(answer: httpx.Response) -> str:
    return answer.headers["traceresponse"].split("-")[1]


class MongoServer:
    """The MongoDB stand-in of the native run, on a port and a data directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.port = directory, free_ports(1)[0]
        self.url = f"mongodb://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        from deploy.native.build import mongo_command  # builds it the first time

        self.directory.mkdir(exist_ok=True)
        command = mongo_command("127.0.0.1", str(self.port), self.directory / "data")
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        client: pymongo.MongoClient[Any] = pymongo.MongoClient(self.url, serverSelectionTimeoutMS=20_000)
        with contextlib.closing(client):
            client.admin.command("ping")
        return self.url

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(20)


class Outside(httpx.Client):
    """A client that is not part of the shop: the instrumentors of this process leave it alone.

    It gives idle connections up before a service closes them (5 s), so no request meets a closing one.
    """

    def __init__(self, *, limits: httpx.Limits | None = None, **settings: Any) -> None:
        super().__init__(limits=limits or httpx.Limits(keepalive_expiry=2.0), **settings)

    def send(self, *args: Any, **kwargs: Any) -> httpx.Response:
        with suppress_instrumentation():
            return super().send(*args, **kwargs)


class _Server(uvicorn.Server):
    """One service on a thread with an event loop of its own."""

    def __init__(self, app: Any, port: int) -> None:
        super().__init__(uvicorn.Config(app, port=port, log_config=None, lifespan="on"))
        self.thread = threading.Thread(target=lambda: asyncio.run(self.serve()), daemon=True)

    @contextlib.contextmanager
    def capture_signals(self) -> Any:  # signals belong to the main thread, so to pytest
        yield


class ShopInProcess:
    """The three services on real sockets in this process, and a client in front of them."""

    def __init__(self, ports: list[int], to_inventory: Wire, to_payment: Wire) -> None:
        import inventory.main
        import order.main
        import payment.main

        apps = (order.main.app, inventory.main.app, payment.main.app)
        self.to_inventory, self.to_payment = to_inventory, to_payment
        self._servers = [_Server(app, port) for app, port in zip(apps, ports, strict=True)]
        self.order, self.inventory, self.payment = (
            Outside(base_url=f"http://127.0.0.1:{port}", timeout=15) for port in ports
        )

    def __enter__(self) -> Self:
        self.to_inventory.start()
        self.to_payment.start()
        for server in self._servers:
            server.thread.start()
        for client in (self.order, self.inventory, self.payment):
            eventually(lambda c=client: _ready(c), seconds=20)  # type: ignore[misc]
        eventually(self._seeded)
        return self

    def _seeded(self) -> None:
        assert len(self.inventory.get("/stock").json()["items"]) >= 12

    def __exit__(self, *_: TracebackType | type[BaseException] | BaseException | None) -> None:
        for server in self._servers:
            server.should_exit = True
        for server in self._servers:
            server.thread.join(10)
        self.to_inventory.stop()
        self.to_payment.stop()
        for client in (self.order, self.inventory, self.payment):
            client.close()

    def place(self, body: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
        """Post an order; keyword arguments are headers, `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.order.post("/orders", json=body or new_order(), headers=named)

    def mend(self) -> None:
        """Repair both wires and wait until orders are confirmed again and none is pending."""
        self.to_inventory.mend()
        self.to_payment.mend()

        def settled() -> None:
            assert self.place().status_code == 201
            assert self.order.get("/orders?status=pending").json()["items"] == []

        eventually(settled, seconds=30)

    def stock(self, sku: str) -> dict[str, int]:
        found: dict[str, int] = self.inventory.get(f"/stock/{sku}").json()
        return found


def _ready(client: httpx.Client) -> None:
    try:
        answer = client.get("/readyz")
    except httpx.HTTPError as error:
        raise AssertionError(error) from None
    assert answer.status_code == 200, answer.text


class SpanMemory:
    """The spans that ended in this process, kept by the SDK's own in-memory exporter."""

    def __init__(self, exporter: InMemorySpanExporter, services: dict[object, str]) -> None:
        self._exporter, self._services = exporter, services

    @classmethod
    def attach(cls, shop: ShopInProcess) -> Self:
        provider = trace.get_tracer_provider()
        assert isinstance(provider, TracerProvider)
        exporter = InMemorySpanExporter()
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        names = ("order", "inventory", "payment")
        return cls(exporter, {getattr(shop, name).base_url.port: name for name in names})

    def all(self) -> list[Span]:
        return [_to_span(span, self._services) for span in self._exporter.get_finished_spans()]

    def trace(self, of: httpx.Response, root: str = "POST /orders") -> Trace:
        """The whole trace of an answer, once every span has ended that has a child in it.

        A SERVER span ends when its answer is out, so the caller may be done a moment before it.
        """
        trace_id = trace_id_of(of)

        def look() -> Trace:
            found = Trace([span for span in self.all() if span.trace_id == trace_id])
            if not any(span.name == root for span in found.spans):
                raise found.miss(f"{root!r} has not ended")
            if any(orphan.name != root for orphan in found.orphans):
                raise found.miss("a parent has not ended")
            return found

        return eventually(look, seconds=5)

    def recovery(self, order_id: str, status: str) -> Trace:
        """The trace of the recovery that left the order in this status."""

        def look() -> Trace:
            for span in self.all():
                wanted = {"shop.order.id": order_id, "shop.order.status": status}
                if span.name == "recoverOrder" and wanted.items() <= span.attributes.items():
                    return Trace([each for each in self.all() if each.trace_id == span.trace_id])
            raise AssertionError(f"no recoverOrder of {order_id} that ended as {status}")

        return eventually(look, seconds=20)


def _to_span(raw: ReadableSpan, services: dict[object, str]) -> Span:
    assert raw.context
    assert raw.start_time
    assert raw.end_time
    attributes = dict(raw.attributes or {})
    return Span(
        name=raw.name,
        kind=raw.kind.name.lower(),
        service=_service_of(raw, services),
        trace_id=f"{raw.context.trace_id:032x}",
        span_id=f"{raw.context.span_id:016x}",
        parent_id=f"{raw.parent.span_id:016x}" if raw.parent else "",
        start=raw.start_time,
        end=raw.end_time,
        error=not raw.status.is_ok,
        status_text=raw.status.description or "",
        attributes=attributes,
        events=[{"name": event.name, **(event.attributes or {})} for event in raw.events],
        resource=dict(raw.resource.attributes),
        links=[(f"{link.context.trace_id:032x}", f"{link.context.span_id:016x}") for link in raw.links],
    )


def _service_of(raw: ReadableSpan, services: dict[object, str]) -> str:
    """All services share this process, so the resource can't tell them apart; port and database do."""
    attributes = raw.attributes or {}
    if raw.kind is trace.SpanKind.SERVER:
        return services[attributes["server.port"]]
    return str(attributes.get("db.namespace", "order"))
