"""Who lost an order's spans? Told by what arrived, the services' settings and the Collector's counters."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..tracecheck import Trace
from .faults import Finding, ill
from .system import System

STEPS = {"reserveInventory": "inventory", "processPayment": "payment"}


@dataclass(frozen=True)
class Case:
    """An order whose trace is not whole: what arrived, and how everything is set."""

    system: System
    services: dict[str, dict[str, Any]]
    trace: Trace
    expected: tuple[str, ...]
    before: dict[str, float]
    after: dict[str, float] | None

    @property
    def missing(self) -> list[str]:
        """Services without a span in the trace."""
        there = {span.service for span in self.trace.spans}
        return [name for name in self.expected if name not in there]

    def grew(self, counter: str) -> bool:
        return (self.after or {}).get(counter, 0) > self.before.get(counter, 0)


def blame(case: Case, *, surely: bool) -> list[Finding]:
    """Return who it was. `surely`: only what can't get better by waiting."""
    found = list(_unreached(case)) or list(_badly_set(case))
    if not found and not case.trace.spans:
        found = list(_in_the_collector(case, surely))
    if not found and not surely:
        hops = case.missing or ["order"]  # nobody missing, not connected: order's are in between
        found = [ill("spans-missing", name) for name in hops]
    return found


def no_sampling(sampler: str) -> bool:
    """ParentBased{root:TraceIdRatioBased{0.0},…: the root's word counts, for an order has no parent."""
    root = sampler.partition("root:")[2] or sampler
    return root.startswith("AlwaysOff") or bool(re.match(r"\w+{0(\.0*)?}", root))


def not_passed_on(settings: dict[str, Any], header: str) -> bool:
    return header not in settings["propagated"].split(",")


def _unreached(case: Case) -> Iterator[Finding]:
    for span in case.trace.spans:
        callee = STEPS.get(span.name, "")
        if span.error and callee in case.missing:
            why, variable = span.attributes.get("error.type", "error"), f"{callee.upper()}_URL"
            yield ill("service-out-of-reach", "order", callee=callee, why=why, variable=variable)


def _badly_set(case: Case) -> Iterator[Finding]:
    if "order" not in case.missing and case.missing and not_passed_on(case.services["order"], "traceparent"):
        yield ill("propagator-missing", "order", missing="tracecontext")
        return
    for name in case.missing:
        settings = case.services[name]
        if case.trace.spans and not_passed_on(settings, "traceparent"):
            yield ill("propagator-missing", name, missing="tracecontext")
        elif no_sampling(settings["sampler"]):
            yield ill("sampler-zero", name, sampler=settings["sampler"])
        else:
            yield from _badly_sent(case.system, name, settings)


def _badly_sent(system: System, name: str, settings: dict[str, Any]) -> Iterator[Finding]:
    protocol = settings["protocol"] or "grpc"
    at = system.collector_at()
    endpoint = settings["endpoint"] or f"localhost:{4317 if protocol == 'grpc' else 4318}"
    speaks = next((spoken for spoken, places in at.items() if endpoint in places), None)
    if speaks is None:
        expected = at.get(protocol, at["http/protobuf"])[0]
        yield ill("exporter-endpoint", name, endpoint=endpoint, expected=expected)
    elif speaks != protocol and not (speaks.startswith("http") and protocol.startswith("http")):
        yield ill("exporter-protocol", name, protocol=protocol, endpoint=endpoint, other=speaks)


def _in_the_collector(case: Case, surely: bool) -> Iterator[Finding]:
    """No span is in Jaeger: the counters say how far they came."""
    accepted, sent = case.grew("otelcol_receiver_accepted_spans"), case.grew("otelcol_exporter_sent_spans")
    hop = "otel-collector"
    if case.after is None:
        yield ill("collector-metrics", hop, url=case.system.where.collector_metrics)
    elif case.grew("otelcol_receiver_refused_spans"):
        yield ill("collector-refuses", hop)
    elif accepted and not sent and "otelcol_exporter_queue_capacity" not in case.after:
        yield ill("collector-no-exporter", hop)
    elif surely:
        return  # the rest may be slowness
    elif not accepted:
        yield ill("spans-never-arrive", hop)
    else:
        yield ill("jaeger-shows-nothing", "jaeger") if sent else ill("jaeger-out-of-reach", hop)
