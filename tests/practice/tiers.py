"""Collectors in two tiers: a gateway that routes by trace id, samplers that decide; or only samplers."""

from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from typing import Self

from deploy.native import build
from tests.resilience.collector import Collector
from tests.support import Outside
from tools.tracecheck import Trace

from .known_traces import PARTS, Known, send
from .observed import LAYERS, all_decided
from .series import total
from .trace_sink import TraceSink

OVERLAY = LAYERS / "tail-sampling.yaml"
ARRIVED = "otelcol_processor_tail_sampling_new_trace_id_received"


class Samplers:
    """Collectors with tail sampling, and one sink for what they keep. Requests go to them in turn."""

    def __init__(self, directory: Path, *more: str | Path, count: int = 2) -> None:
        directory.mkdir()
        self.directory, self.sink = directory, TraceSink()
        self.samplers = [
            Collector(directory / f"sampler-{n}", self.sink.endpoint, OVERLAY, *more) for n in range(count)
        ]

    @property
    def collectors(self) -> list[Collector]:
        """In the order to start them in."""
        return self.samplers

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.sink)
            for collector in self.collectors:
                stack.callback(collector.stop)
                collector.start()
            urls = self.urls()
            self._clients = cycle([stack.enter_context(Outside(base_url=url, timeout=10)) for url in urls])
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def urls(self) -> list[str]:
        """Where spans are sent to, in turn."""
        return [sampler.url for sampler in self.samplers]

    def send(self, traces: list[Known], *parts: str) -> None:
        """Send each service's part of these traces in a request of its own."""
        for part in parts or PARTS:
            send(next(self._clients), part, traces)

    def arrived(self) -> list[int]:
        """Return how many trace ids each sampler has seen."""
        return [int(total(sampler.own, ARRIVED)) for sampler in self.samplers]

    def idle(self) -> list[object]:
        """Return what changes while anything is under way. Raises AssertionError while a trace waits."""
        for sampler in self.samplers:
            all_decided(sampler)
        return [self.arrived(), len(self.sink)]

    def kept(self) -> dict[str, Trace]:
        return self.sink.traces()


class TwoTiers(Samplers):
    """Two of them behind a gateway."""

    def __init__(self, directory: Path, *more: str | Path) -> None:
        super().__init__(directory, LAYERS / "two-tier" / "sampler.yaml", *more)
        hosts = ", ".join(sampler.grpc for sampler in self.samplers)
        routes = f"yaml:exporters::loadbalancing::resolver::static::hostnames: [{hosts}]"
        layer = LAYERS / "two-tier" / "gateway.yaml"
        self.gateway = Collector(directory / "gateway", "127.0.0.1:9", layer, routes, binary=build.gateway)

    @property
    def collectors(self) -> list[Collector]:
        return [*self.samplers, self.gateway]

    def urls(self) -> list[str]:
        return [self.gateway.url]
