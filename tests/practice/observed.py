"""One run of the shop against a Collector: what was placed, stored, received, and counted."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.resilience.collector import Collector
from tools.tracecheck import Trace

from .series import total
from .trace_sink import TraceSink
from .traced_shop import SERVICES, Placed, Settings, TracedShop, Wanted, settled

LAYERS = Path(__file__).parents[2] / "deploy" / "otel-collector"
OFTEN = "yaml:connectors::span_metrics::metrics_flush_interval: 500ms"  # so that nobody has to wait for them
RATIO = 0.1
ALL: Settings = {"OTEL_TRACES_SAMPLER": "parentbased_always_on"}
CLIENT = "00f067aa0ba902b7"
"""The span id of a client outside: whoever has it as a parent is no orphan of ours."""


@dataclass(frozen=True)
class Way:
    """A way to sample: settings of all services, of single ones, and layers over the Collector's base."""

    title: str
    settings: Settings = field(default_factory=dict)
    own: dict[str, Settings] = field(default_factory=dict)
    layers: tuple[str | Path, ...] = ()


def head(sampler: str, ratio: float) -> Settings:
    return {"OTEL_TRACES_SAMPLER": sampler, "OTEL_TRACES_SAMPLER_ARG": str(ratio)}


@dataclass(frozen=True)
class Observed:
    """`spans`: what the Collector received. `orders`, `requests`: what the services' own metrics say, the
    first by status. `calls`: what the metrics made of spans say of `POST /orders`.
    """

    placed: list[Placed]
    stored: dict[str, Trace]
    spans: int
    orders: dict[str, int]
    requests: int
    calls: int

    def fate(self, one: Placed) -> str:
        """`kept` whole, `torn` or `dropped`."""
        trace = self.stored.get(one.trace_id)
        if trace is None:
            return "dropped"
        return "kept" if is_whole(trace, one) else "torn"


def is_whole(trace: Trace, placed: Placed) -> bool:
    """Whether every service it went through is in it and no parent is missing."""
    services = (
        SERVICES if placed.status in (201, 202, 402) else SERVICES[:2]
    )  # refused goods are not paid for
    lost = [orphan for orphan in trace.orphans if orphan.parent_id != CLIENT]
    return {span.service for span in trace.spans} >= set(services) and not lost


def observe(way: Way, orders: Iterable[Wanted]) -> Observed:
    with tempfile.TemporaryDirectory(prefix="spanshop-practice-") as name, TraceSink() as sink:
        directory = Path(name)
        collector = Collector(directory / "collector", sink.endpoint, OFTEN, *way.layers)
        collector.start()
        try:
            with TracedShop(directory, collector.url, way.settings, **way.own) as shop:
                placed = shop.place(orders)
            settled(lambda: (all_decided(collector), calls(collector), len(sink)))
            return Observed(placed, sink.traces(), **_counts(collector))
        finally:
            collector.stop()


def all_decided(collector: Collector) -> None:
    """Demand that no trace waits for tail sampling's decision; without it none does."""
    tail = "otelcol_processor_tail_sampling_"
    arrived = total(collector.own, tail + "new_trace_id_received")
    assert total(collector.own, tail + "global_count_traces_sampled") == arrived


def _counts(collector: Collector) -> dict[str, int | dict[str, int]]:
    of_orders = {"http_route": "/orders", "http_request_method": "POST"}
    statuses = ("confirmed", "rejected", "pending")
    orders = {
        status: int(total(collector.exported, "shop_orders_total", shop_order_status=status))
        for status in statuses
    }
    return {
        "spans": int(total(collector.own, "otelcol_receiver_accepted_spans")),
        "orders": orders,
        "requests": int(total(collector.exported, "http_server_request_duration_seconds_count", **of_orders)),
        "calls": calls(collector),
    }


def calls(collector: Collector) -> int:
    return int(total(collector.exported, "traces_span_metrics_calls_total", span_name="POST /orders"))
