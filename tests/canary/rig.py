"""The shop as it runs, and everything that leaves it, kept for searching: before and behind the Collector."""

import asyncio
import contextlib
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import httpx
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.canary.otlp import Texts, resources, texts
from tests.fuzz.corpus import Attack
from tests.fuzz.siege import Answer, Line
from tests.resilience.collector import Collector
from tests.resilience.otlp_sink import CountingSink
from tests.sink import SERVICES, ServiceProcess, Sink
from tests.support import MongoServer, Outside, eventually, free_ports
from tests.wire import Wire

NAMES = ("order", "inventory", "payment")
OFTEN = "yaml:connectors::spanmetrics::metrics_flush_interval: 200ms"
AT_ONCE = 4
Answers = list[tuple[Attack, list[Answer]]]
TRACESTATE = re.compile(r"^tracestate: .*$", re.M | re.I)
OPENMETRICS = {"accept": "application/openmetrics-text"}  # else there are no exemplars


class Tee(Sink):
    """Keeps every message whole and sends it on to the Collector."""

    def __init__(self, collector: str) -> None:
        super().__init__()
        self.kept: list[Any] = []
        self._collector = Outside(base_url=collector, timeout=10)

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        self._collector.close()

    def take_spans(self, body: bytes) -> None:
        self._take("/v1/traces", ExportTraceServiceRequest, body)
        super().take_spans(body)

    def take_metrics(self, body: bytes) -> None:
        self._take("/v1/metrics", ExportMetricsServiceRequest, body)
        super().take_metrics(body)

    def _take(self, path: str, kind: Any, body: bytes) -> None:
        self.kept.append(kind.FromString(body))
        headers = {"content-type": "application/x-protobuf"}
        self._collector.post(path, content=body, headers=headers).raise_for_status()


class Behind(CountingSink):
    """In Jaeger's place: what the Collector lets through."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.kept: list[Any] = []

    def Export(self, request: Any, context: object) -> Any:  # noqa: N802 - the protocol's name
        self.kept.append(request)
        return super().Export(request, context)


class Rig:
    """MongoDB, the three services as processes with wires between them, a Collector between two sinks."""

    def __init__(self, directory: Path, services: Path = SERVICES, **environment: str) -> None:
        self.directory, self._services, self._environment = directory, services, environment
        self.answers: Answers = []
        self.mongo = MongoServer(directory / "mongodb")
        self.faults = directory / "faults.json"
        self._ends = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as ends:
            ends.callback(self.mongo.stop)
            self.behind = Behind(*free_ports(1))
            self.behind.up()
            ends.callback(self.behind.down)
            self.collector = Collector(self.directory, self.behind.endpoint, OFTEN)
            ends.callback(self.collector.stop)
            self.collector.start()
            self.tee = ends.enter_context(Tee(self.collector.url))
            self._start_services(self.mongo.start(), ends)
            self._ends = ends.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def _start_services(self, mongodb: str, ends: contextlib.ExitStack) -> None:
        wires = dict(zip(NAMES[1:], free_ports(2), strict=True))
        common = {f"{name.upper()}_URL": f"http://127.0.0.1:{port}" for name, port in wires.items()}
        common |= {
            "MONGODB_URL": mongodb,
            "FAULTS_FILE": str(self.faults),
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.tee.url,
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "OTEL_METRIC_EXPORT_INTERVAL": "500",
            **self._environment,
        }
        self.services = {
            name: ServiceProcess(name, self.directory, services=self._services, **common) for name in NAMES
        }
        for service in self.services.values():
            ends.callback(service.__exit__)
        self.wires = {name: Wire(port, self.services[name].port, keep=True) for name, port in wires.items()}
        for wire in self.wires.values():
            wire.start()
            ends.callback(wire.stop)
        for service in self.services.values():
            service.__enter__()
            eventually(lambda at=service: _is_ready(at), seconds=20)  # type: ignore[misc]

    def documents(self) -> dict[str, Any]:
        """The OpenAPI documents, by service."""
        return {name: each.client.get("/openapi.json").json() for name, each in self.services.items()}

    def send(self, attacks: Iterable[Attack]) -> Answers:
        """Send them over raw sockets, a few at once; return, and keep, the answers."""
        answers = asyncio.run(_send(self.services, iter(attacks)))
        self.answers += answers
        return answers

    def logs(self, service: str, text: str) -> None:
        """Demand that a service has written this."""
        assert text in self.services[service].log

    def stop(self) -> None:
        """Let the services send their last telemetry, and the Collector pass everything on."""
        for service in self.services.values():
            service.stop()
        eventually(self._passed_on, seconds=20)
        self.exported = eventually(self._exports, seconds=20)
        self.collector.stop()

    def _passed_on(self) -> None:
        sent = {span.span_id for request in self.tee.kept for span in spans(request)}
        assert sent <= set(self.behind.copies())

    def _exports(self) -> str:
        """Metrics in the form that has exemplars, once those made of spans are there too."""
        text = httpx.get(self.collector.exported, headers=OPENMETRICS, timeout=10).text
        assert "traces_span_metrics_calls_total" in text
        assert "trace_id=" in text
        return text

    # What left the shop

    def sent(self) -> Texts:
        """Telemetry as the services sent it."""
        for request in self.tee.kept:
            yield from _texts(request)

    def passed_on(self) -> Texts:
        """Telemetry as it came out of the Collector."""
        for request in self.behind.kept:
            yield from _texts(request)
        yield from (("exported metrics", line) for line in self.exported.splitlines())

    def logged(self) -> Texts:
        """Log lines of the services and of the Collector."""
        for name, service in self.services.items():
            yield from ((f"log of {name}", line) for line in service.log.splitlines())
        yield from (("log of the Collector", line) for line in self.collector.log.read_text().splitlines())

    def headers(self) -> Texts:
        """Request lines and headers of the calls between services, and headers of the answers."""
        for name, wire in self.wires.items():
            yield from ((f"call of {name}", TRACESTATE.sub("", head)) for head in wire.heads())
        for attack, answers in self.answers:
            yield from ((f"answer to {attack.kind}", str(answer.headers)) for answer in answers)

    def forwarded(self) -> Texts:
        """tracestate: W3C says to hand it on, so what a client wrote there is not ours to remove."""
        for request in (*self.tee.kept, *self.behind.kept):
            yield from _texts(request, tracestate=True)
        for name, wire in self.wires.items():
            yield from (
                (f"call of {name}", line) for head in wire.heads() for line in TRACESTATE.findall(head)
            )

    def everything(self) -> Texts:
        """All but tracestate."""
        for part in (self.sent, self.passed_on, self.logged, self.headers):
            yield from part()


def spans(request: Any) -> Iterator[Any]:
    for _, part in resources(request):
        for scope in getattr(part, "scope_spans", ()):
            yield from scope.spans


@contextlib.contextmanager
def rig(services: Path = SERVICES, **environment: str) -> Iterator[Rig]:
    """A rig in a directory of its own, which is gone afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="spanshop-canary-") as directory,
        Rig(Path(directory), services, **environment) as running,
    ):
        yield running


def _texts(request: Any, *, tracestate: bool = False) -> Texts:
    """Every text but tracestate, or only that."""
    for service, part in resources(request):
        for where, text in texts(part, service):
            if where.endswith("trace_state") == tracestate:
                yield where, text


async def _send(services: dict[str, ServiceProcess], queue: Iterator[Attack]) -> Answers:
    answers: Answers = []

    async def work() -> None:
        lines = {name: Line(service.port) for name, service in services.items()}
        for attack in queue:
            answers.append((attack, await lines[attack.service].send(attack)))
        for line in lines.values():
            await line.close()

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return answers


def _is_ready(service: ServiceProcess) -> None:
    assert service.client.get("/readyz").status_code == 200, service.log
