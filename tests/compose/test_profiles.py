"""The profiles `load` and `observability` as containers, without Grafana: its image has no stand-in here."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.resilience.recoveries import spans_since
from tests.support import Outside, eventually
from tools.jaeger_internal import Monitor

from . import hardening
from .project import Project
from .shell import say

PROFILED = ("load", "prometheus")
UP = ("--profile", "load", "--profile", "observability", "up", "--build", "--detach", "--wait")


@pytest.fixture(scope="module")
def profiled(project: Project) -> Iterator[Project]:
    """Locust and Prometheus beside the shop."""
    say("")
    project.measured["profiles"] = project.compose("docker compose --profile … up --wait", *UP, *PROFILED)
    yield project
    project.compose("docker compose rm", "rm", "--stop", "--force", *PROFILED)


@pytest.mark.parametrize("name", PROFILED)
def test_container_of_a_profile_is_healthy_and_may_do_no_more_than_the_others(
    profiled: Project, name: str
) -> None:
    assert profiled.inspect(name)["State"]["Health"]["Status"] == "healthy"
    hardening.is_as_declared(profiled, name)
    hardening.writes_only_to_its_volumes(profiled, name)
    hardening.process_has_a_read_only_root(profiled, name)
    hardening.publishes_on_loopback_only(profiled, name)
    hardening.knows_no_secret(profiled, name)


def test_load_started_on_locusts_page_is_orders_that_say_a_machine_made_them(profiled: Project) -> None:
    began = datetime.now(UTC)
    with Outside(base_url=profiled.url("LOCUST_PORT"), timeout=10) as page:
        assert "Locust" in page.get("/").text
        assert page.post("/swarm", data={"user_count": "4", "spawn_rate": "4"}).json()["success"]
        stats = eventually(lambda: _enough(page.get("/stats/requests").json()), seconds=60)
        page.get("/stop")
    say(f"\n  {stats['requests']} requests by Locust, {stats['failures']} failed")
    assert stats["failures"] == 0

    def marked() -> None:
        spans = spans_since(profiled.jaeger, "POST /orders", began)
        assert len(spans) >= 3
        assert all(span.parent_id for span in spans)  # a trip of service `load` is above
        assert {span.attributes.get("user_agent.synthetic.type") for span in spans} == {"test"}

    eventually(marked, seconds=30)


def _enough(said: dict[str, Any]) -> dict[str, int]:
    total = next(row for row in said["stats"] if row["name"] == "Aggregated")
    assert total["num_requests"] >= 40
    return {"requests": total["num_requests"], "failures": total["num_failures"]}


def test_prometheus_scrapes_the_collector_and_feeds_jaegers_monitor(profiled: Project) -> None:
    monitor = Monitor(profiled.url("JAEGER_PORT"))
    with Outside(base_url=profiled.url("PROMETHEUS_PORT"), timeout=10) as prometheus:

        def fed() -> None:
            query = {"query": "up"}
            found = prometheus.get("/api/v1/query", params=query).json()["data"]["result"]
            assert {one["metric"]["job"]: one["value"][1] for one in found} == {
                "shop": "1",
                "otel-collector": "1",
            }
            with profiled.order as order:
                order.get("/orders")
            assert monitor.calls("order").get("GET /orders")

        eventually(fed, seconds=90)


def test_prometheus_keeps_its_numbers_over_a_restart(profiled: Project) -> None:
    before = time.time()
    profiled.compose("docker compose restart prometheus", "restart", "prometheus")
    with Outside(base_url=profiled.url("PROMETHEUS_PORT"), timeout=10) as prometheus:

        def there() -> None:
            answer = _asked(prometheus, query="up", time=f"{before - 1}")
            assert answer.json()["data"]["result"]

        eventually(there, seconds=60)


def _asked(prometheus: Outside, **query: str) -> httpx.Response:
    """The answer; AssertionError while Prometheus is starting: then it is not there, or says 503."""
    try:
        answer = prometheus.get("/api/v1/query", params=query)
    except httpx.HTTPError as error:
        raise AssertionError("it does not answer yet") from error
    assert answer.status_code == 200
    return answer
