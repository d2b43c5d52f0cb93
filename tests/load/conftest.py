"""A system of its own for load: its service `load` and its many series must not be in others' way."""

from collections.abc import Iterator

import pytest

from tests.e2e.conftest import Stack, running
from tests.load.locust import installed


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    """Natively, on ports and in a directory of its own; its SDKs count what they lose."""
    installed()
    with running("load", OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED="true") as stack:
        yield stack
