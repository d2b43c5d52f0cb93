"""What both fuzzers need: the memory of spans, emptied behind them."""

from collections.abc import Iterator

import pytest

from tests.support import SpanMemory


@pytest.fixture(scope="package", autouse=True)
def _forget_spans(spans: SpanMemory) -> Iterator[None]:
    """Tens of thousands of spans would slow every test after these, which look through all of them."""
    yield
    spans._exporter.clear()
