"""Ctrl-C: a load ends early and still reports; Locust's page, with fields and workers, ends too."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.e2e.conftest import ROOT, Stack
from tests.load.reports import adds_up, await_trips, directories, newest
from tests.support import IGNORANT, Outside, eventually


@contextmanager
def load(stack: Stack, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [*IGNORANT, sys.executable, "-m", "tools.load", *arguments]
    running = subprocess.Popen(command, cwd=ROOT, env=stack.environment, stdout=subprocess.PIPE, text=True)
    try:
        yield running
    finally:
        running.terminate()
        running.communicate()


def interrupt(running: subprocess.Popen[str]) -> str:
    """Press Ctrl-C; return what it said, once it has ended."""
    running.send_signal(signal.SIGINT)
    said, _ = running.communicate(timeout=40)
    assert (running.returncode, "Stopping" in said) == (0, True), said
    return said


def test_load_that_is_interrupted_reports_every_trip_so_far(stack: Stack) -> None:
    earlier = len(directories(stack))
    with load(stack, "--users", "5", "--think", "0.1", "--duration", "100") as running:
        await_trips(stack, earlier, count=60)
        interrupt(running)
    report = newest(stack)
    adds_up(report)
    assert report["fates"]["whole"] == report["trips"] >= 60


def test_page_of_locust_has_fields_and_workers_and_ends(stack: Stack) -> None:
    with load(stack, "--ui", "--workers", "2") as running:
        with Outside(base_url=stack.url("LOCUST"), timeout=5) as page:
            text = eventually(lambda: _of_locust(page), seconds=30)
            assert [field for field in ("shape", "rate", "think") if f'"{field}"' not in text] == []
            eventually(lambda: _are_there(page, workers=2), seconds=30)
            asked = {"user_count": "2", "spawn_rate": "2", "shape": "open", "rate": "20"}
            assert page.post("/swarm", data=asked).json()["success"]
            eventually(lambda: _are_there(page, workers=2, requests=20), seconds=30)
        interrupt(running)


def _of_locust(page: Outside) -> str:
    try:
        text = page.get("/").text
    except httpx.HTTPError as error:
        raise AssertionError(page.base_url) from error
    assert "Locust" in text
    return text


def _are_there(page: Outside, workers: int, requests: int = 0) -> None:
    now: dict[str, Any] = page.get("/stats/requests").json()
    assert len(now["workers"]) == workers
    assert sum(row["num_requests"] for row in now["stats"]) >= requests
