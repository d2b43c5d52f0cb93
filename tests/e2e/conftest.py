"""The whole system, natively, on ports and in a directory of its own: as `make up` starts it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import Outside, free_ports
from tools.jaeger import Jaeger

ROOT = Path(__file__).parents[2]


@dataclass
class Stack:
    """A running system: `run` calls what make calls, with the same environment."""

    environment: dict[str, str]
    output: str = ""

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.environment[f'{name}_PORT']}"

    def run(self, module: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment | more, text=True, capture_output=True, check=False
        )

    @property
    def order(self) -> Outside:
        return Outside(base_url=self.url("ORDER"), timeout=20)

    @property
    def jaeger(self) -> Jaeger:
        return Jaeger(self.url("JAEGER"))


def new_stack(state: Path, **more: str) -> Stack:
    """A system that does not run yet, with free ports for every variable of the table."""
    table = (ROOT / ".env.example").read_text().splitlines()
    names = [line.split("=")[0] for line in table if "_PORT=" in line and not line.startswith("#")]
    ports = {name: str(port) for name, port in zip(names, free_ports(len(names)), strict=True)}
    ours = ("OTEL_", "MONGODB_", "INVENTORY_", "PAYMENT_", "SPANSHOP_")
    plain = {
        key: value for key, value in os.environ.items() if not key.startswith(ours) or key == "SPANSHOP_CACHE"
    }
    paths = {"PYTHONPATH": f"{ROOT}/services:{ROOT}", "MODE": "native", "SPANSHOP_STATE": str(state)}
    return Stack(plain | ports | paths | {"COLUMNS": "200"} | more)


@contextmanager
def running(prefix: str, **more: str) -> Iterator[Stack]:
    """A system that is up, and gone with all it has written at the end."""
    state = Path(tempfile.mkdtemp(prefix=f"spanshop-{prefix}-"))
    stack = new_stack(state, **more)
    try:
        up = stack.run("tools.up")
        stack.output = up.stdout
        assert up.returncode == 0, up.stdout + up.stderr
        yield stack
    finally:
        stack.run("tools.down")
        shutil.rmtree(state, ignore_errors=True)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The system, up once for all e2e tests."""
    with running("e2e") as stack:
        yield stack
