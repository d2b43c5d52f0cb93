"""A real Prometheus beside the running system: all queries of panels and of Jaeger's Monitor bring data.

Grafana itself doesn't run here; its files are read by tests/docs/test_dashboards.py.
"""

import math
import re
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.docs.dashboards import ROOT, Panel, panels
from tests.e2e.conftest import Stack
from tests.e2e.prometheus import Prometheus
from tests.support import DECLINED, eventually, new_order
from tools.jaeger_internal import VERSIONS, Monitor

SHORTEST = "20s"  # what $__rate_interval is at least: four scrapes
PANELS = list(panels())
COMPOSE: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


class Observed:
    """The stack under a trickle of orders of every kind, with Prometheus looking on."""

    def __init__(self, stack: Stack, prometheus: Prometheus) -> None:
        self.stack, self.prometheus = stack, prometheus
        self.began, self._deadline = time.time(), time.monotonic() + 60
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._trickle, daemon=True)

    def __enter__(self) -> "Observed":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join(30)

    @property
    def patience(self) -> float:
        """What is left of the minute all these tests have together, but a few seconds for each."""
        return max(5.0, self._deadline - time.monotonic())

    def over_time(self, expression: str) -> list[dict[str, Any]]:
        """Return what a panel would draw since we began: series with numbers in them."""
        query = expression.replace("$__rate_interval", SHORTEST)
        found = self.prometheus.get(
            "query_range", query=query, start=f"{self.began}", end=f"{time.time()}", step="5"
        )
        return [one for one in found["result"] if _numbers(one)]

    def _trickle(self) -> None:
        with self.stack.order as client, httpx.Client(base_url=self.stack.url("INVENTORY")) as inventory:
            while not self._enough.wait(0.2):
                key = {"idempotency-key": str(uuid.uuid4())}
                for body in (new_order(), new_order("unicorn"), new_order(method=DECLINED)):
                    client.post("/orders", json=body)
                for _ in range(2):
                    client.post("/orders", json=new_order("mug"), headers=key)
                inventory.get("/stock/lamp")


def _numbers(series: dict[str, Any]) -> list[float]:
    values = [float(value) for _, value in series["values"]]
    return [value for value in values if math.isfinite(value)]


@pytest.fixture(scope="module")
def observed(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    directory: Path = tmp_path_factory.mktemp("prometheus")
    prometheus = Prometheus(stack, directory)
    try:
        prometheus.start()
        with Observed(stack, prometheus) as running:
            yield running
    finally:
        prometheus.stop()


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.name)
def test_every_query_of_the_panel_brings_data(observed: Observed, panel: Panel) -> None:
    for target in panel.raw["targets"]:

        def drawn(target: dict[str, Any] = target) -> None:
            series = observed.over_time(target["expr"])
            assert series, target["expr"]
            for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                assert all(one["metric"].get(label) for one in series), (label, series[0]["metric"])

        eventually(drawn, seconds=observed.patience)


def test_panels_tell_the_kinds_of_orders_and_the_steps_apart(observed: Observed) -> None:
    """Data that comes back must also be the right data."""

    def told_apart() -> None:
        assert _labels(observed, "what became of them", "shop_order_status") == {"confirmed", "rejected"}
        steps = {"processOrder", "reserveInventory", "processPayment", "releaseInventory"}
        assert _labels(observed, "processOrder and its steps", "span_name") == steps
        assert _labels(observed, "turn red", "span_name") == {"reserveInventory", "processPayment"}
        (refused,) = observed.over_time(_panel("is refused").expressions[0])
        assert 0.3 < _numbers(refused)[-1] < 0.8  # two of four, when nobody else orders
        failures = observed.over_time(_panel("5xx").expressions[0])
        assert {one["metric"]["job"].rpartition("/")[2] for one in failures} == {
            "order",
            "inventory",
            "payment",
        }
        assert all(_numbers(one)[-1] == 0 for one in failures)

    eventually(told_apart, seconds=observed.patience)


def _panel(title: str) -> Panel:
    (found,) = [panel for panel in PANELS if title in panel.name]
    return found


def _labels(observed: Observed, title: str, label: str) -> set[str]:
    """The values of a label among the curves that are above zero."""
    series = observed.over_time(_panel(title).expressions[0])
    return {one["metric"][label] for one in series if max(_numbers(one)) > 0}


def test_a_dot_on_a_curve_leads_to_a_stored_trace(observed: Observed) -> None:
    def followed() -> None:
        found = observed.prometheus.get(
            "query_exemplars",
            query="http_server_request_duration_seconds_bucket",
            start=f"{observed.began}",
            end=f"{time.time()}",
        )
        ids = [one["labels"]["trace_id"] for series in found for one in series["exemplars"]]
        assert ids
        assert observed.stack.jaeger.trace(ids[-1]).spans

    eventually(followed, seconds=observed.patience)


def test_the_four_queries_of_jaegers_monitor_bring_data(observed: Observed) -> None:
    monitor = Monitor(observed.stack.url("JAEGER"))

    def answered() -> None:
        latencies = monitor.latencies("order", 0.95)
        assert 1 < max(latencies.get("POST /orders") or [0]) < 10_000  # milliseconds
        assert max(monitor.calls("order").get("POST /orders") or [0]) > 0
        assert max(monitor.errors("order", "internal").get("processPayment") or [0]) > 0.1
        assert max(monitor.errors("inventory").get("PUT /reservations/{order_id}") or [1]) == 0
        assert monitor.min_step() > 0

    eventually(answered, seconds=observed.patience)


def test_the_internal_endpoints_are_used_with_a_jaeger_they_hold_for() -> None:
    release = COMPOSE["jaeger"]["image"].split(":")[1]
    numbers = [tuple(map(int, text.split(".")[:2])) for text in (VERSIONS[0], release, VERSIONS[1])]
    assert numbers == sorted(numbers)


def test_prometheus_stays_small(observed: Observed) -> None:
    head = observed.prometheus.get("status/tsdb")["headStats"]
    print(f"{head['numSeries']} series, {observed.prometheus.megabytes:.0f} MB")
    assert head["numSeries"] < 3000
    limit = int(COMPOSE["prometheus"]["mem_limit"].removesuffix("m"))
    assert observed.prometheus.megabytes * 1.25 < limit
