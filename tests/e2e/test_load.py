"""`make load` on the running system: each trip is a trace, marked as made by a machine, and accounted for."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import ROOT, Stack
from tests.load.locust import installed
from tests.support import Outside, eventually
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


def test_two_workers_share_an_open_loop(stack: Stack, report: dict[str, Any]) -> None:
    done = stack.run("tools.load", "--shape", "open", "--rate", "8", "--duration", "6", "--workers", "2")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    newest = max(Path(stack.environment["SPANSHOP_STATE"]).glob("load/*"))
    assert len(list(newest.glob("*.jsonl"))) == 2
    assert 30 <= json.loads((newest / "report.json").read_text())["trips"] <= 60


def test_page_of_locust_ends_with_ctrl_c(stack: Stack) -> None:
    installed()
    command = [sys.executable, "-m", "tools.load", "--ui"]
    running = subprocess.Popen(command, cwd=ROOT, env=stack.environment, stdout=subprocess.PIPE, text=True)
    try:
        with Outside(base_url=stack.url("LOCUST"), timeout=5) as page:
            eventually(lambda: _is_locusts(page), seconds=30)
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=30)
        assert (running.returncode, "Stopping" in said) == (0, True), said
    finally:
        running.kill()


def _is_locusts(page: Outside) -> None:
    try:
        assert "Locust" in page.get("/").text
    except httpx.HTTPError as error:
        raise AssertionError(page.base_url) from error
