"""Jaeger's internal API (2.13 to 2.20), for what v3 lacks: search by attribute, archive, Monitor's numbers.

Jaeger calls /api/* internal and removes parts of it; whatever of it we use stands here and nowhere else.
"""

import json
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


class Search:
    """Traces by what stands on their spans. Values are texts here, whatever type the attribute has."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def trace_ids(self, service: str, operation: str | None = None, **attributes: str) -> list[str]:
        """Return the traces of the last hour with these attributes (`__` for the dots) on a service's span.

        Raises httpx.HTTPError.
        """
        now = int(time.time() * 1e6)
        tags = {name.replace("__", "."): value for name, value in attributes.items()}
        query = {"service": service, "tags": json.dumps(tags), "limit": "1500"}
        query |= {"start": f"{now - 3_600_000_000}", "end": f"{now}"}
        query |= {"operation": operation} if operation else {}
        return [trace["traceID"] for trace in _get(self._url, "traces", query)["data"]]


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
        return int(_get(self._url, "metrics/minstep", {})["data"])

    def _series(self, what: str, service: str, kind: str, **more: str) -> dict[str, list[float]]:
        window = {
            "endTs": f"{time.time() * 1000:.0f}",
            "lookback": "600000",
            "step": "5000",
            "ratePer": "60000",
        }
        asked = {"service": service, "spanKind": kind, "groupByOperation": "true", **window, **more}
        found = _get(self._url, f"metrics/{what}", asked).get("metrics", [])
        return {_operation(metric): _values(metric) for metric in found}


def _get(url: str, what: str, query: dict[str, str]) -> dict[str, Any]:
    answer = httpx.get(f"{url}/api/{what}", params=query, timeout=10)
    answer.raise_for_status()
    document: dict[str, Any] = answer.json()  # a release without this answers with a page: no JSON, an error
    return document


def _operation(metric: dict[str, Any]) -> str:
    labels = {label["name"]: label["value"] for label in metric["labels"]}
    return str(labels.get("operation", ""))


def _values(metric: dict[str, Any]) -> list[float]:
    """Return the points that are numbers: a rate over no calls at all is NaN."""
    raw = [point.get("gaugeValue", {}).get("doubleValue") for point in metric["metricPoints"]]
    return [float(value) for value in raw if value not in (None, "NaN")]
