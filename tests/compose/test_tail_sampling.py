"""The layer of tail sampling over the Collector's configuration, in the container, by one variable."""

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.contract import CONTRACT
from tests.support import eventually, new_order, trace_id_of

from .project import Project

SEAT_SAYS_YES = re.compile(
    "otelcol_processor_tail_sampling_count_traces_sampled"
    r'\{(?=[^}]*policy="seat")(?=[^}]*sampled="true")[^}]*\} [1-9]'
)
UP = ("up", "--detach", "--wait", "otel-collector")


@pytest.fixture
def tail_sampled(project: Project) -> Iterator[Project]:
    project.environment["COLLECTOR_OVERLAYS"] = "tail-sampling"
    project.compose("COLLECTOR_OVERLAYS=tail-sampling docker compose up", *UP)
    yield project
    del project.environment["COLLECTOR_OVERLAYS"]
    project.compose("docker compose up", *UP)


def test_order_of_a_seat_is_kept_whole_and_the_collector_says_why(tail_sampled: Project) -> None:
    with tail_sampled.order as order:
        answer = order.post("/orders", json=new_order(), headers={"baggage": "shop.seat=seat-7"})
    kept = CONTRACT["trees"]["confirmed"]
    tail_sampled.jaeger.eventually(trace_id_of(answer), lambda trace: trace.is_tree(kept), seconds=30)

    def said() -> None:
        page = httpx.get(tail_sampled.url("COLLECTOR_METRICS_PORT") + "/metrics", timeout=5).text
        assert SEAT_SAYS_YES.search(page)

    eventually(said, seconds=10)
