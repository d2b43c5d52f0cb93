"""`make load` on the running system: each trip is a trace, marked as made by a machine, and accounted for."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Stack
from tests.load.locust import installed
from tools.jaeger_internal import Search


@pytest.fixture(scope="module")
def report(stack: Stack) -> dict[str, Any]:
    installed()
    done = stack.run("tools.load", "--users", "4", "--duration", "8", "--think", "0.2")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    (file,) = Path(stack.environment["SPANSHOP_STATE"]).glob("load/*/report.json")
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_every_trip_is_sent_traced_and_stored(report: dict[str, Any]) -> None:
    assert report["good"]
    assert report["trips"] == report["sampled"] == report["looked"] == report["whole"] > 20
    assert report["requests"] >= report["trips"]
    assert report["lost"] == []


def test_every_span_of_a_trip_says_that_a_machine_made_it(stack: Stack, report: dict[str, Any]) -> None:
    bought = [trace_id for _, kind, trace_id in report["slowest"] if kind.startswith("buy")]
    trace = stack.jaeger.trace(bought[0])
    trace.services("load", "order", "inventory", "payment")
    assert trace.connected().roots[0].name.startswith("buy")
    assert {span.attributes.get("user_agent.synthetic.type") for span in trace.spans} == {"test"}


def test_load_can_be_told_apart_by_a_search(stack: Stack, report: dict[str, Any]) -> None:
    found = Search(stack.url("JAEGER")).trace_ids("load", user_agent__synthetic__type="test")
    assert len(found) == report["trips"]
