"""The whole system for tests that break it: a fresh one per file, well again before each test.

FULL=1 runs each in full. SEED=n repeats the random choices of a run that printed n.
"""

import os
import random
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import Stack, running

from .chaos import Chaos
from .figures import Figures

FULL = os.environ.get("FULL", "") not in ("", "0")
if "SPANSHOP_RESILIENCE_TESTS" not in os.environ:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """The system natively, on ports and in a directory of its own.

    Each file begins with an empty shop: to find the pending orders the stand-in for MongoDB reads all there
    are, so what the files before have ordered would be felt in the figures.
    """
    with running("resilience") as stack:
        yield stack


@pytest.fixture
def chaos(stack: Stack) -> Iterator[Chaos]:
    """Breaks the programs of the system; before and after the test all of them are well."""
    chaos = Chaos(stack)
    chaos.make_well()
    yield chaos
    chaos.make_well()


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """Where a test says what it saw."""
    return Figures(request.node.name, seed=int(os.environ.get("SEED") or random.randrange(1_000_000)))
