"""Locust on a stub of the shop: where it is, in an environment of its own made by make, and how it is run."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LOCUSTFILE = ROOT / "loadtest" / "locustfile.py"


@cache
def installed() -> Path:
    """The program, installed if need be."""
    made = subprocess.run(["make", ".venv-load/ready"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    return ROOT / ".venv-load" / "bin" / "locust"


@contextmanager
def stub(*how: str) -> Iterator[str]:
    """The URL of a shop that only answers; see stub.py."""
    command = [sys.executable, "-m", "tests.load.stub", *how]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def trips(directory: Path, url: str, seconds: int, *more: str, stop: int = 5) -> list[dict[str, Any]]:
    """Load this shop, which gets the spans too; return the journal."""
    directory.mkdir()
    where = {"ORDER_URL": url, "INVENTORY_URL": url, "LOAD_JOURNAL": str(directory)}
    where |= {"OTEL_EXPORTER_OTLP_ENDPOINT": url}
    command = [str(installed()), "-f", str(LOCUSTFILE), "--headless", "--only-summary", *more]
    command += ["--run-time", f"{seconds}s", "--stop-timeout", str(stop)]
    environment = os.environ | where
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return [json.loads(line) for file in directory.glob("*.jsonl") for line in file.read_text().splitlines()]
