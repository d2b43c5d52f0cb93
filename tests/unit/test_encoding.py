"""What leaves is, byte for byte, what the exporter's own encoder would have made, and costs less."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from chassis.encoding import _attribute, _status, encode_spans, install
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans as encode_stock
from opentelemetry.exporter.otlp.proto.http import trace_exporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, Tracer, TracerProvider
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    TraceState,
    set_span_in_context,
)

ELSEWHERE = SpanContext(2**127 + 1, 2**63 + 1, True, TraceFlags(1), TraceState([("a", "1"), ("b", "2")]))


def tracer(name: str = "shop", **of_provider: Any) -> Tracer:
    provider = TracerProvider(**of_provider)
    return provider.get_tracer(name, "1.2", schema_url="https://example.com/1")  # type: ignore[return-value]


def span(by: Tracer | None = None, **how: Any) -> ReadableSpan:
    made = (by or tracer()).start_span("s", **how)
    made.end()
    return made  # type: ignore[return-value]


def same(spans: Sequence[ReadableSpan]) -> bool:
    return encode_spans(spans).SerializeToString() == encode_stock(spans).SerializeToString()


@pytest.mark.parametrize(
    "value", ["text", "", 1, True, 1.0, 0, False, 0.0, -0.0, -1, b"\xff", ("a", 1), (True,), {"a": [1]}]
)
def test_every_value_leaves_as_the_exporter_makes_it(value: Any) -> None:
    by = tracer()
    assert same([span(by, attributes={"key": each}) for each in (1, True, 1.0, 0, False, (1,), value, value)])


@pytest.mark.parametrize("kind", SpanKind)
def test_every_kind_of_span_does(kind: SpanKind) -> None:
    assert same([span(kind=kind)])


def test_span_with_all_there_is_does() -> None:
    few = SpanLimits(max_span_attributes=1, max_events=1, max_links=1)
    links = [Link(ELSEWHERE, {"n": number}) for number in range(3)]
    parent = set_span_in_context(NonRecordingSpan(ELSEWHERE))
    made = tracer(span_limits=few).start_span("all", parent, links=links, attributes={"a": 1, "b": 2})
    made.add_event("first", {"e": 1})
    made.add_event("second", {"e": "two"})
    made.set_status(StatusCode.ERROR, "why")
    made.end()
    assert same([made])  # type: ignore[list-item]
    sent = encode_spans([made]).resource_spans[0].scope_spans[0].spans[0]  # type: ignore[list-item]
    assert (sent.trace_state, len(sent.events), len(sent.links)) == ("a=1,b=2", 1, 1)
    assert (sent.dropped_attributes_count, sent.dropped_events_count, sent.dropped_links_count) == (1, 1, 2)


@pytest.mark.parametrize(
    ("limits", "how"),
    [
        ({"max_span_attributes": 0}, {"attributes": {"a": 1}}),
        ({"max_events": 0}, {}),
        ({"max_links": 0}, {"links": [Link(ELSEWHERE)]}),
        ({}, {"links": [Link(ELSEWHERE)]}),
        ({}, {"context": set_span_in_context(NonRecordingSpan(ELSEWHERE))}),
        ({}, {}),
    ],
    ids=["attribute dropped", "event dropped", "link dropped", "link", "trace state", "event"],
)
def test_span_with_one_of_what_is_seldom_does(limits: dict[str, int], how: dict[str, Any]) -> None:
    made = tracer(span_limits=SpanLimits(**limits)).start_span("s", **how)
    if not how:
        made.add_event("e")
    made.end()
    assert same([made])  # type: ignore[list-item]


@pytest.mark.parametrize("status", StatusCode)
def test_every_status_does(status: StatusCode) -> None:
    made = tracer().start_span("s")
    made.set_status(status)
    made.end()
    assert same([made])  # type: ignore[list-item]


def test_parent_in_this_process_is_not_a_remote_one() -> None:
    by = tracer()
    parent = by.start_span("parent")
    assert same([span(by, context=set_span_in_context(parent))])


def test_spans_of_several_scopes_and_resources_are_sorted_as_the_exporter_does_it() -> None:
    order, payment = (
        TracerProvider(resource=Resource({"service.name": name})) for name in ("order", "payment")
    )
    tracers = [
        order.get_tracer("httpx", "1"),
        payment.get_tracer("httpx", "1", attributes={"of": "payment"}),
        order.get_tracer("pymongo", schema_url="https://example.com/2"),
    ]
    spans = [span(by) for by in (*tracers, *reversed(tracers))]  # type: ignore[arg-type]
    assert same(spans)
    assert [len(each.scope_spans) for each in encode_spans(spans).resource_spans] == [2, 1]


def test_span_of_no_scope_leaves_too() -> None:
    context = SpanContext(1, 1, False)
    assert same([ReadableSpan("bare", context, resource=Resource({}), start_time=1, end_time=2)])


def test_value_that_can_not_be_encoded_is_left_out_and_said(caplog: pytest.LogCaptureFixture) -> None:
    bad = [span(attributes={"good": 1, "bad": 2**64})]
    with caplog.at_level(logging.ERROR):
        sent = encode_spans(bad).resource_spans[0].scope_spans[0].spans[0]
    assert [each.key for each in sent.attributes] == ["good"]
    assert "Failed to encode key bad" in caplog.text
    assert same(bad)


def test_attribute_seen_before_is_not_made_again() -> None:
    assert _attribute("shop.order.status", "confirmed") is _attribute("shop.order.status", "confirmed")
    assert _attribute("shop.order.lines", 1) is not _attribute("shop.order.lines", True)


def test_status_seen_before_is_not_made_again_and_keeps_its_text() -> None:
    assert _status(StatusCode.ERROR, "why") is _status(StatusCode.ERROR, "why")
    by = tracer()
    spans = [by.start_span(why) for why in ("one", "other", "one")]
    for made in spans:
        made.set_status(StatusCode.ERROR, made.name)  # type: ignore[attr-defined]
        made.end()
    assert same(spans)  # type: ignore[arg-type]


@pytest.fixture
def exporter() -> Iterator[Any]:
    """Afterwards it has what it had: other tests set up the shop in this process."""
    before = vars(trace_exporter)["encode_spans"]
    yield trace_exporter
    vars(trace_exporter)["encode_spans"] = before


def test_installed_the_exporter_uses_it(exporter: Any) -> None:
    exporter.encode_spans = encode_stock
    install()
    assert exporter.encode_spans is encode_spans
