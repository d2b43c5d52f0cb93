"""Locust as a process of ours: started on the shop of these settings, ended by SIGTERM."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.native.ports import ROOT, settings

from ..urls import urls

LOCUST = ROOT / ".venv-load" / "bin" / "locust"
SHAPES = ("constant", "stepped", "spike", "soak", "open")
STOP = 10
"""Seconds a trip under way may take when the load is over."""


@dataclass(frozen=True)
class Asked:
    """What `make load` was asked for."""

    users: int
    rate: float
    duration: int
    think: float
    shape: str
    workers: int

    def options(self) -> list[str]:
        spawn = max(1.0, self.users / 2)
        options = f"--users {self.users} --spawn-rate {spawn} --shape {self.shape} --rate {self.rate}"
        options += f" --think {self.think} --stop-timeout {STOP} --loglevel WARNING"
        return options.split() + (["--processes", str(self.workers)] if self.workers > 1 else [])

    def headless(self) -> list[str]:
        return ["--headless", "--only-summary", "--run-time", f"{self.duration}s"]


def page() -> list[str]:
    """Locust's own page, on its port of the table."""
    return ["--web-host", "127.0.0.1", "--web-port", settings()["LOCUST_PORT"]]


@contextmanager
def locust(asked: Asked, more: list[str], journal: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run it; what it says of itself is in the journal's locust.log. What is left at the end is killed."""
    environment = os.environ | {
        "ORDER_URL": urls().order,
        "INVENTORY_URL": urls().inventory,
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{settings()['OTLP_HTTP_PORT']}",
        "OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED": "true",  # so that it says what it lost
        **({"LOAD_JOURNAL": str(journal)} if journal else {}),
    }
    command = [str(LOCUST), "-f", str(ROOT / "loadtest" / "locustfile.py"), *asked.options(), *more]
    # Its own session: Ctrl-C reaches it through us, and once, for a second one would not let it finish.
    with (journal / "locust.log").open("w") if journal else nullcontext() as log:
        running = subprocess.Popen(
            command, env=environment, start_new_session=True, stdin=subprocess.DEVNULL, stderr=log
        )
    try:
        yield running
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def finish(running: subprocess.Popen[bytes]) -> None:
    """Wait until it ends by itself; end it at Ctrl-C.

    SIGTERM, not SIGINT: Python ignores that one where the shell does, as for every job in the background.
    """
    try:
        running.wait()
    except KeyboardInterrupt:
        print("Stopping …", flush=True)
        running.terminate()
        try:
            running.wait(STOP + 15)  # the last spans have ten seconds to be sent
        except subprocess.TimeoutExpired:
            print("Locust did not end by itself.", flush=True)


def listen_to_ctrl_c() -> None:
    """SIGINT and SIGTERM are Ctrl-C, also where a shell has told us to ignore the first one."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
