"""What each trip was and what its spans' exporter says, in files of a process: the report reads them.

Only where LOAD_JOURNAL names a directory.
"""

import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from opentelemetry.sdk.metrics.export import InMemoryMetricReader

# Where the SDK counts itself: what came out of the queue's full end, and what an exporter did not get rid of.
LOSSES = ("otel.sdk.processor.span.processed", "otel.sdk.exporter.span.exported")


def _file(kind: str) -> Path | None:
    directory = os.environ.get("LOAD_JOURNAL")
    return Path(directory) / f"{os.getpid()}.{kind}" if directory else None


def keep(trip: dict[str, Any]) -> None:
    """A line per trip, at once: a process that is killed later has still said what it did."""
    if file := _file("jsonl"):
        with file.open("a") as lines:
            lines.write(json.dumps(trip) + "\n")


def keep_losses(reader: InMemoryMetricReader) -> None:
    """Spans this process made and could not hand over, by reason."""
    if (file := _file("lost.json")) and (data := reader.get_metrics_data()):
        metrics = [
            metric
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        ]
        file.write_text(json.dumps(_losses(metrics)))


def _losses(metrics: Sequence[Any]) -> dict[str, int]:
    lost: Counter[str] = Counter()
    for metric in metrics:
        for point in metric.data.data_points if metric.name in LOSSES else ():
            if why := point.attributes.get("error.type"):
                lost[why] += point.value
    return dict(lost)
