"""The Collector is away for five seconds of a load: the report says so, and what that did to the traces."""

import subprocess
import sys
import threading

import pytest

from tests.e2e.conftest import ROOT, Stack
from tests.load.reports import adds_up, await_trips, directories, newest
from tests.resilience.chaos import Chaos

BEFORE, AWAY, SECONDS, RATE = 40, 5.0, 12, 20  # trips before it is stopped; seconds; trips a second


@pytest.mark.timeout(120)
def test_collector_away_for_five_seconds_is_named_and_every_trace_accounted_for(stack: Stack) -> None:
    command = [sys.executable, "-m", "tools.load", "--shape", "open", "--rate", str(RATE)]
    command += ["--duration", str(SECONDS)]
    earlier, chaos = len(directories(stack)), Chaos(stack)
    running = subprocess.Popen(command, cwd=ROOT, env=stack.environment, stdout=subprocess.PIPE, text=True)
    await_trips(stack, earlier, count=BEFORE)
    chaos.stop("otel-collector")
    threading.Event().wait(AWAY)
    chaos.start("otel-collector")
    said, _ = running.communicate(timeout=90)
    report = newest(stack)
    print(report["away"], report["fates"], report["evidence"], said)
    adds_up(report)
    assert report["failed"] == {}  # no customer noticed
    ((_, seconds),) = report["away"]
    assert AWAY - 1 < seconds < SECONDS  # looked at twice a second
    assert report["evidence"]["restarts"] == 1
    assert f"the Collector did not answer for {seconds:.1f} s" in said
    assert "unexplained" not in report["fates"]["lost"]
    assert report["fates"]["delayed"] + sum(map(len, report["fates"]["lost"].values())) > AWAY * RATE / 2
    assert running.returncode == bool(report["fates"]["lost"])
