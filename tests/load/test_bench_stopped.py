"""Ctrl-C at `make bench`: what it started ends with it, and the rounds it has measured are kept."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support import IGNORANT, eventually

SHORT = ("--only", "off", "--rounds", "50", "--orders", "20", "--seconds", "0.2", "--python", sys.executable)

INTERRUPTED = """
import subprocess
from loadtest.bench import ending

def main():
    subprocess.Popen(["sleep", "60"])
    raise KeyboardInterrupt

ending.run(main)
"""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A bench with far more rounds than anybody waits for; its results go to the test's directory."""
    with running(["-m", "loadtest.bench", *SHORT], tmp_path) as bench:
        yield bench


@contextlib.contextmanager
def running(what: list[str], state: Path) -> Iterator[subprocess.Popen[str]]:
    """A command in the background of a shell that has it ignore Ctrl-C."""
    command, where = [*IGNORANT, sys.executable, *what], os.environ | {"SPANSHOP_STATE": str(state)}
    with subprocess.Popen(command, env=where, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)  # where a test has failed, nothing is to be left behind either
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(60)
            process.kill()


def started(by: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(by.pid).children(recursive=True)


def is_service(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):  # it may have ended between one look and the next
        return "uvicorn" in process.cmdline()
    return False


def stop(bench: subprocess.Popen[str], state: Path) -> None:
    """Press Ctrl-C. Nothing may be left, neither of what ran then nor of what was just being started."""
    assert started(bench)
    bench.send_signal(signal.SIGINT)
    assert bench.wait(60) == 130
    assert [process for process in psutil.process_iter() if _is_of(process, state)] == []


def _is_of(process: psutil.Process, state: Path) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.environ().get("SPANSHOP_STATE") == str(state)
    return False


def test_bench_stopped_as_its_services_start_leaves_nothing_behind(
    bench: subprocess.Popen[str], tmp_path: Path
) -> None:
    def service() -> None:
        assert any(is_service(process) for process in started(bench))

    eventually(service, seconds=60)
    stop(bench, tmp_path)


def test_profile_stopped_as_its_services_start_leaves_nothing_behind(tmp_path: Path) -> None:
    with running(
        ["-m", "loadtest.bench.profile", "--only", "off", "--python", sys.executable], tmp_path
    ) as one:

        def service() -> None:
            assert any(is_service(process) for process in started(one))

        eventually(service, seconds=60)
        stop(one, tmp_path)


def test_process_that_ctrl_c_comes_upon_before_it_is_noted_ends_too(tmp_path: Path) -> None:
    with running(["-c", INTERRUPTED], tmp_path) as one:
        assert one.wait(60) == 130
        assert [process for process in psutil.process_iter() if _is_of(process, tmp_path)] == []


def test_bench_stopped_in_its_second_round_has_kept_the_first(
    bench: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert bench.stdout
    for line in bench.stdout:
        if line.startswith("round 2 of 50"):
            break
    stop(bench, tmp_path)
    [kept] = (tmp_path / "bench").glob("*.json")
    assert json.loads(kept.read_text())["runs"]["off"][0]["cpu_ms"] > 0
