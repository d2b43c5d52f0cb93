"""Two workers of Locust drive far more than the services can take: traced, with a stub on the same cores."""

import os
import time
from pathlib import Path

import pytest

from tests.e2e.conftest import Stack
from tests.load.locust import stub, trips
from tests.load.reports import newest

SERVICES_TAKE = 275
"""Orders a second the shop answers on two cores at most, many of them by saying that it is full."""
SECONDS = 3


@pytest.mark.timeout(60)
def test_two_workers_drive_four_times_what_the_services_can_take(tmp_path: Path) -> None:
    with stub() as url:
        began = time.monotonic()
        lines = trips(tmp_path / "journal", url, SECONDS, "--users", "20", "--think", "0", "--processes", "2")
        seconds = time.monotonic() - began
    sent = sorted(at for line in lines for *_, at in line["answers"])
    rate = len(sent) / (sent[-1] - sent[0])
    print(f"{rate:.0f} requests a second in {seconds:.0f} s, {os.cpu_count()} cores")
    assert not [line for line in lines if line["wrong"] or line["cut_off"]]
    assert len(list((tmp_path / "journal").glob("*.jsonl"))) == 2
    assert rate > 4 * SERVICES_TAKE


@pytest.mark.timeout(120)
def test_report_says_that_locust_was_the_bottleneck_where_it_was(stack: Stack) -> None:
    with stub() as url:
        port = url.rpartition(":")[2]
        flood = ("--users", "20", "--think", "0", "--duration", "6")
        said = stack.run(
            "tools.load", *flood, ORDER_PORT=port, INVENTORY_PORT=port, OTEL_TRACES_SAMPLER="always_off"
        ).stdout
    (why,) = [why for why in newest(stack)["bottleneck"] if why.startswith("locust took")]
    print(why)
    assert f"BOTTLENECK  Locust itself: {why}" in said
