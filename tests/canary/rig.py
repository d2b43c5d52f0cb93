"""The shop as it runs, and everything that leaves it, kept for searching: before and behind the Collector."""

import asyncio
import contextlib
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import httpx

from tests.canary.otlp import Texts
from tests.canary.sinks import Behind, Tee, spans, texts_of
from tests.fuzz.corpus import Attack
from tests.fuzz.siege import Answer, Line
from tests.resilience.collector import Collector
from tests.shop_processes import ShopProcesses
from tests.sink import SERVICES, ServiceProcess
from tests.support import eventually, free_ports

OFTEN = "yaml:connectors::span_metrics::metrics_flush_interval: 200ms"
AT_ONCE = 4
Answers = list[tuple[Attack, list[Answer]]]
TRACESTATE = re.compile(r"^tracestate: .*$", re.M | re.I)
OPENMETRICS = {"accept": "application/openmetrics-text"}  # else there are no exemplars


class Rig:
    """The shop as processes, a Collector between two sinks behind it."""

    def __init__(self, directory: Path, services: Path = SERVICES, **environment: str) -> None:
        self.directory, self._services, self._environment = directory, services, environment
        self.answers: Answers = []
        self.faults = directory / "faults.json"
        self._ends = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as ends:
            self.behind = Behind(*free_ports(1))
            self.behind.up()
            ends.callback(self.behind.down)
            self.collector = Collector(self.directory, self.behind.endpoint, OFTEN)
            ends.callback(self.collector.stop)
            self.collector.start()
            self.tee = ends.enter_context(Tee(self.collector.url))
            self.shop = ends.enter_context(self._shop())
            self._ends = ends.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def _shop(self) -> ShopProcesses:
        telemetry = {"OTEL_EXPORTER_OTLP_ENDPOINT": self.tee.url, "OTEL_METRIC_EXPORT_INTERVAL": "500"}
        ours = telemetry | {"FAULTS_FILE": str(self.faults)} | self._environment
        return ShopProcesses(self.directory, services=self._services, **ours)

    def documents(self) -> dict[str, Any]:
        """The OpenAPI documents, by service."""
        return {name: each.client.get("/openapi.json").json() for name, each in self.shop.services.items()}

    def send(self, attacks: Iterable[Attack]) -> Answers:
        """Send them over raw sockets, a few at once; return, and keep, the answers."""
        answers = asyncio.run(_send(self.shop.services, iter(attacks)))
        self.answers += answers
        return answers

    def logs(self, service: str, text: str) -> None:
        """Demand that a service has written this."""
        assert text in self.shop.services[service].log

    def stop(self) -> None:
        """Let the services send their last telemetry, and the Collector pass everything on."""
        with_exemplars = eventually(self._exemplars, seconds=20)
        self.shop.stop()
        eventually(self._passed_on, seconds=20)
        self.exported = with_exemplars + self._exports()
        self.collector.stop()

    def _passed_on(self) -> None:
        sent = {span.span_id for request in self.tee.kept for span in spans(request)}
        assert sent <= set(self.behind.copies())

    def _exemplars(self) -> str:
        """The metrics while they have exemplars, which the next export without any takes away."""
        self.shop.inventory.get("/stock")  # so something has to happen; without MongoDB it takes a while
        return eventually(self._exports_with_exemplars, seconds=1)

    def _exports_with_exemplars(self) -> str:
        text = self._exports()
        assert "traces_span_metrics_calls_total" in text
        assert "trace_id=" in text
        return text

    def _exports(self) -> str:
        return httpx.get(self.collector.exported, headers=OPENMETRICS, timeout=10).text

    # What left the shop

    def sent(self) -> Texts:
        """Telemetry as the services sent it."""
        for request in self.tee.kept:
            yield from texts_of(request)

    def passed_on(self) -> Texts:
        """Telemetry as it came out of the Collector."""
        for request in self.behind.kept:
            yield from texts_of(request)
        yield from (("exported metrics", line) for line in self.exported.splitlines())

    def logged(self) -> Texts:
        """Log lines of the services and of the Collector."""
        for name, service in self.shop.services.items():
            yield from ((f"log of {name}", line) for line in service.log.splitlines())
        yield from (("log of the Collector", line) for line in self.collector.log.read_text().splitlines())

    def headers(self) -> Texts:
        """Request lines and headers of the calls between services, and headers of the answers."""
        for name, wire in self.shop.wires.items():
            yield from ((f"call of {name}", TRACESTATE.sub("", head)) for head in wire.heads())
        for attack, answers in self.answers:
            yield from ((f"answer to {attack.kind}", str(answer.headers)) for answer in answers)

    def forwarded(self) -> Texts:
        """tracestate: W3C says to hand it on, so what a client wrote there is not ours to remove."""
        for request in (*self.tee.kept, *self.behind.kept):
            yield from texts_of(request, tracestate=True)
        for name, wire in self.shop.wires.items():
            yield from (
                (f"call of {name}", line) for head in wire.heads() for line in TRACESTATE.findall(head)
            )

    def everything(self) -> Texts:
        """All but tracestate."""
        for part in (self.sent, self.passed_on, self.logged, self.headers):
            yield from part()


@contextlib.contextmanager
def rig(services: Path = SERVICES, **environment: str) -> Iterator[Rig]:
    """A rig in a directory of its own, which is gone afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="spanshop-canary-") as directory,
        Rig(Path(directory), services, **environment) as running,
    ):
        yield running


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
