"""Jaeger's internal API (2.13 to 2.20), for what v3 has nothing: the archive, the Monitor tab's numbers.

Jaeger calls /api/* internal and removes parts of it; whatever of it we use stands here and nowhere else.
"""

import time
from typing import Any

import httpx

VERSIONS = ("2.13", "2.20")
"""The first and the last release this was read or run against."""


def archive(url: str, trace_id: str) -> bool:
    """Copy a trace to the archive, where it outlives the others; False where Jaeger has no such trace.

    Raises httpx.HTTPError, or ValueError where the answer is none of Jaeger's.
    """
    answer = httpx.post(f"{url.rstrip('/')}/api/archive/{trace_id}", timeout=10)
    answer.json()  # a release without this answers with a page
    if answer.status_code == 404:
        return False
    answer.raise_for_status()
    return True


class Monitor:
    """The four queries of the Monitor tab. Without a Prometheus all but min_step raise httpx.HTTPError."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def latencies(self, service: str, quantile: float, kind: str = "server") -> dict[str, list[float]]:
        """Return milliseconds over time, by operation."""
        return self._series("latencies", service, kind, quantile=str(quantile))

    def calls(self, service: str, kind: str = "server") -> dict[str, list[float]]:
        """Return calls per second over time, by operation."""
        return self._series("calls", service, kind)

    def errors(self, service: str, kind: str = "server") -> dict[str, list[float]]:
        """Return the share of red spans over time, by operation."""
        return self._series("errors", service, kind)

    def min_step(self) -> int:
        """Return the shortest distance between two points, in milliseconds."""
        return int(self._get("minstep")["data"])

    def _series(self, what: str, service: str, kind: str, **more: str) -> dict[str, list[float]]:
        window = {
            "endTs": f"{time.time() * 1000:.0f}",
            "lookback": "600000",
            "step": "5000",
            "ratePer": "60000",
        }
        found = self._get(
            what, service=service, spanKind=kind, groupByOperation="true", **window, **more
        ).get("metrics", [])
        return {_operation(metric): _values(metric) for metric in found}

    def _get(self, what: str, **query: str) -> dict[str, Any]:
        answer = httpx.get(f"{self._url}/api/metrics/{what}", params=query, timeout=10)
        answer.raise_for_status()
        document: dict[str, Any] = (
            answer.json()
        )  # a release without this answers with a page: no JSON, an error
        return document


def _operation(metric: dict[str, Any]) -> str:
    labels = {label["name"]: label["value"] for label in metric["labels"]}
    return str(labels.get("operation", ""))


def _values(metric: dict[str, Any]) -> list[float]:
    """Return the points that are numbers: a rate over no calls at all is NaN."""
    raw = [point.get("gaugeValue", {}).get("doubleValue") for point in metric["metricPoints"]]
    return [float(value) for value in raw if value not in (None, "NaN")]
