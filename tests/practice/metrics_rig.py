"""The shop and four Collectors beside each other, each with other settings: all see every span and metric."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support import eventually

from .busy_shop import BusyShop
from .tee import Tee
from .watched import Watched, series

LAYERS = Path(__file__).parents[2] / "deploy" / "otel-collector"
EXPLOSION = LAYERS / "cardinality-explosion.yaml"
ALONE = "yaml:service::pipelines::traces::exporters: [span_metrics]"  # no Jaeger needed
OFTEN = "yaml:connectors::span_metrics::metrics_flush_interval: 500ms"
LIMIT = "yaml:connectors::span_metrics::aggregation_cardinality_limit: {}"

Snapshot = dict[str, set[str]]


@dataclass(frozen=True)
class Rig:
    """`base`: the Collector as it is. The others: with order ids, with order ids and a limit, per process."""

    directory: Path
    shop: BusyShop
    tee: Tee
    base: Watched
    exploded: Watched
    limited: Watched
    processes: Watched

    @property
    def collectors(self) -> dict[str, Watched]:
        return {name: getattr(self, name) for name in ("base", "exploded", "limited", "processes")}

    def settle(self) -> None:
        """Wait until all that was asked so far is counted; the largest page is asked last, so seldom."""

        def counted() -> None:
            placed = {"http_route": "/orders", "http_request_method": "POST"}
            assert self.base.calls(span_name="processOrder") == self.shop.placed
            for collector in (self.base, self.limited, self.processes, self.exploded):
                own = collector.sum("http_server_request_duration_seconds_count", **placed)
                assert own == self.shop.placed
                assert collector.calls() == self.base.calls()

        eventually(counted, seconds=60, pause=0.2)

    def seen(self) -> Snapshot:
        """Return the series there are: of the SDKs together, and of each Collector."""
        found = {name: series(one.page()) for name, one in self.collectors.items()}
        return found | {"sdk": {f"{who} {one}" for who, all in self.tee.points.items() for one in all}}


@contextmanager
def rig(limit: int) -> Iterator[Rig]:
    layers = {
        "base": [],
        "exploded": [EXPLOSION],
        "limited": [EXPLOSION, LIMIT.format(limit)],
        "processes": [LAYERS / "replicas.yaml"],
    }
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spanshop-practice-")))
        collectors = {
            name: Watched(directory / name, "127.0.0.1:9", *more, OFTEN, ALONE)
            for name, more in layers.items()
        }
        for collector in collectors.values():
            stack.callback(collector.stop)
            collector.start()
        tee = stack.enter_context(Tee(*(collector.url for collector in collectors.values())))
        shop = stack.enter_context(BusyShop(directory, tee.url))
        yield Rig(directory, shop, tee, **collectors)
