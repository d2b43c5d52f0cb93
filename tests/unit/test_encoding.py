"""Attributes encoded once: what leaves is what the exporter would have made."""

from collections.abc import Iterator
from typing import Any

import pytest
from chassis.encoding import encode, encode_once, install
from opentelemetry.exporter.otlp.proto.common import _internal
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider


@pytest.fixture(autouse=True)
def encoder() -> Iterator[None]:
    """Afterwards the exporter has what it had: other tests set up the shop in this process."""
    before = _internal._encode_key_value
    yield
    _internal._encode_key_value = before


def span(value: Any) -> ReadableSpan:
    made = TracerProvider().get_tracer("test").start_span("s", attributes={"key": value})
    made.end()
    return made  # type: ignore[return-value]


@pytest.mark.parametrize(
    "value", ["text", "", 1, True, 1.0, 0, False, 0.0, -0.0, ("a", 1), (True,), {"a": [1]}]
)
def test_every_value_leaves_as_the_exporter_makes_it(value: Any) -> None:
    spans = [span(each) for each in (1, True, 1.0, 0, False, (1,), value, value)]
    install()
    ours = encode_spans(spans).SerializeToString()
    _internal._encode_key_value = encode
    assert ours == encode_spans(spans).SerializeToString()


def test_attribute_seen_before_is_not_made_again() -> None:
    assert encode_once("shop.order.status", "confirmed") is encode_once("shop.order.status", "confirmed")
    assert encode_once("shop.order.lines", 1) is not encode_once("shop.order.lines", True)
