"""The dashboards as data, and the metrics and labels there can be, from contract and Collector."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.contract import CONTRACT

ROOT = Path(__file__).parents[2]
GRAFANA = ROOT / "deploy" / "grafana"
FILES = sorted((GRAFANA / "dashboards").glob("*.json"))
COLLECTOR: dict[str, Any] = yaml.safe_load((ROOT / "deploy/otel-collector/base.yaml").read_text())

# Of the Collector itself, and what Prometheus writes about each scrape.
OWN_METRICS = {
    "otelcol_receiver_accepted_spans",
    "otelcol_receiver_refused_spans",
    "otelcol_receiver_failed_spans",
    "otelcol_exporter_sent_spans",
    "otelcol_exporter_send_failed_spans",
    "otelcol_exporter_enqueue_failed_spans",
    "otelcol_exporter_queue_size",
    "otelcol_exporter_queue_capacity",
    "otelcol_process_memory_rss",
    "otelcol_process_runtime_heap_alloc_bytes",
    "scrape_samples_scraped",
    "up",
}
OWN_LABELS = {"job", "instance", "le", "exporter", "service_name", "span_name", "span_kind", "status_code"}
SUFFIX = {
    "counter": ["_total"],
    "histogram": ["_bucket", "_count", "_sum"],
    "up-down counter": [""],
    "gauge": [""],
}
FUNCTIONS = {"sum", "min", "max", "rate", "histogram_quantile", "vector"}
WORDS = {"by", "or", "and", "on"}


class Panel(NamedTuple):
    """One panel: where it stands, and what it asks."""

    name: str
    raw: dict[str, Any]

    @property
    def expressions(self) -> list[str]:
        return [target.get("expr", "") for target in self.raw.get("targets", [])]


def panels() -> Iterator[Panel]:
    for file in FILES:
        for raw in json.loads(file.read_text())["panels"]:
            yield Panel(f"{file.stem}: {raw['title']}", raw)


def metrics() -> set[str]:
    """Return every metric a dashboard may ask for, by the name Prometheus knows it by."""
    found = set(OWN_METRICS)
    for metric in CONTRACT["metrics"]:
        base = _prometheus(metric["name"]) + ("_seconds" if metric["unit"] == "s" else "")
        found |= {base + suffix for suffix in SUFFIX[metric["type"]]}
    spans = COLLECTOR["connectors"]["span_metrics"]
    unit = {"ms": "milliseconds", "s": "seconds"}[spans["histogram"]["unit"]]
    base = _prometheus(spans["namespace"])
    return found | {f"{base}_calls_total"} | {f"{base}_duration_{unit}{part}" for part in SUFFIX["histogram"]}


def labels() -> set[str]:
    """Return every label: the contract's dimensions, the Collector's, Prometheus's own."""
    dimensions = [name for metric in CONTRACT["metrics"] for name in metric["dimensions"]]
    dimensions += [one["name"] for one in COLLECTOR["connectors"]["span_metrics"]["dimensions"]]
    return OWN_LABELS | {_prometheus(name) for name in dimensions}


def metrics_in(expression: str) -> set[str]:
    """Return the names of an expression that are neither functions, words, labels nor durations."""
    bare = re.sub(r'"[^"]*"', "", expression)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|on)\s*\([^)]*\)", " ", bare)
    return set(re.findall(r"[a-zA-Z_:][\w:]*", bare)) - FUNCTIONS - WORDS


def labels_in(expression: str) -> set[str]:
    groups = re.findall(r"\b(?:by|without|on)\s*\(([^)]*)\)", expression)
    matched = re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"', expression)
    return {name.strip() for group in groups for name in group.split(",")} | set(matched)


def _prometheus(name: str) -> str:
    return name.replace(".", "_")
