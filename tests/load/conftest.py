"""A system of its own for load: its service `load` and its many series must not be in others' way."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Stack, new_stack
from tests.load.locust import installed


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    """Natively, on ports and in a directory of its own; its SDKs count what they lose."""
    installed()
    state = Path(tempfile.mkdtemp(prefix="spanshop-load-"))
    stack = new_stack(state, OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED="true")
    try:
        up = stack.run("tools.up")
        assert up.returncode == 0, up.stdout + up.stderr
        yield stack
    finally:
        stack.run("tools.down")
        shutil.rmtree(state, ignore_errors=True)
