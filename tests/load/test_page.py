"""Locust's own page, with the shop's fields and two workers; Ctrl-C ends it while customers are inside."""

import signal
import subprocess
import sys
from typing import Any

import httpx

from tests.e2e.conftest import ROOT, Stack
from tests.support import Outside, eventually

# As a shell starts a job in the background: it tells it to ignore Ctrl-C, and Python then does.
IGNORANT = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]


def test_page_of_locust_has_fields_and_workers_and_ends_with_ctrl_c(stack: Stack) -> None:
    command = [*IGNORANT, sys.executable, "-m", "tools.load", "--ui", "--workers", "2"]
    running = subprocess.Popen(command, cwd=ROOT, env=stack.environment, stdout=subprocess.PIPE, text=True)
    try:
        with Outside(base_url=stack.url("LOCUST"), timeout=5) as page:
            text = eventually(lambda: _of_locust(page), seconds=30)
            assert [field for field in ("shape", "rate", "think") if f'"{field}"' not in text] == []
            eventually(lambda: _are_there(page, workers=2), seconds=30)
            asked = {"user_count": "2", "spawn_rate": "2", "shape": "open", "rate": "20"}
            assert page.post("/swarm", data=asked).json()["success"]
            eventually(lambda: _are_there(page, workers=2, requests=20), seconds=30)
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=30)
        assert (running.returncode, "Stopping" in said) == (0, True), said
    finally:
        running.terminate()
        running.communicate()


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
