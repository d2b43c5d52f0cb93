"""Makes sending cheaper: spans are written into their batch at once, attributes seen before as bytes.

The exporter's own encoder makes a message of each span and copies it into the next bigger one, three times.
Encoding holds Python's lock, so what it takes is a time in which no order moves.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from opentelemetry.exporter.otlp.proto.common import _internal as stock
from opentelemetry.exporter.otlp.proto.common._internal import trace_encoder
from opentelemetry.exporter.otlp.proto.http import trace_exporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, Status, StatusCode

MOST = 1024  # attributes to remember: those on every span stay, ids pass through
LOCAL, REMOTE = 0x100, 0x300
"""Flags of a span: we know where its parent is, and whether that is another process. (OTLP, `SpanFlags`.)"""


def install() -> None:
    """Use it in this process."""
    trace_exporter.encode_spans = encode_spans  # type: ignore[attr-defined, assignment]


def encode_spans(spans: Sequence[ReadableSpan]) -> ExportTraceServiceRequest:
    """Return what the exporter's own would. Two scopes that are equal, which it has as one, stay two."""
    request = ExportTraceServiceRequest()
    resources: dict[int, Any] = {}
    scopes: dict[tuple[int, int], Any] = {}
    for span in spans:
        resource, scope = id(span.resource), id(span.instrumentation_scope)
        if resource not in resources:
            resources[resource] = _add_resource(request, span)
        if (resource, scope) not in scopes:
            scopes[resource, scope] = _add_scope(resources[resource], span)
        _add_span(scopes[resource, scope], span)
    return request


def _add_resource(request: Any, span: ReadableSpan) -> Any:
    resource = span.resource
    return request.resource_spans.add(
        resource=stock._encode_resource(resource), schema_url=resource.schema_url
    )


def _add_scope(spans: Any, span: ReadableSpan) -> Any:
    scope: Any = span.instrumentation_scope
    encoded = stock._encode_instrumentation_scope(scope)
    return spans.scope_spans.add(scope=encoded, schema_url=scope.schema_url if scope else None)


def _add_span(spans: Any, span: ReadableSpan) -> None:
    context, parent, status = span.context, span.parent, span.status
    added = spans.spans.add(
        trace_id=stock._encode_trace_id(context.trace_id),
        span_id=stock._encode_span_id(context.span_id),
        parent_span_id=trace_encoder._encode_parent_id(parent),
        flags=REMOTE if parent and parent.is_remote else LOCAL,
        start_time_unix_nano=span.start_time,
        end_time_unix_nano=span.end_time,
    )
    attributes: Any = span.attributes  # copied in one go: to read one is a call in Python
    parts = [_attribute(*each) for each in attributes.copy().items()]
    alike = (_named(span.name, span.kind), _status(status.status_code, status.description))
    added.MergeFromString(b"".join([*alike, _seldom(span), *parts]))


def _seldom(span: ReadableSpan) -> bytes:
    """Return a span with what nearly no span has, or nothing."""
    dropped = span.dropped_attributes, span.dropped_events, span.dropped_links
    # To ask for `events` or `links` is to copy them.
    if not (span._events or span._links or span.context.trace_state or any(dropped)):
        return b""
    alone: bytes = Span(
        trace_state=trace_encoder._encode_trace_state(span.context.trace_state) or "",
        events=trace_encoder._encode_events(span.events),
        links=trace_encoder._encode_links(span.links),
        dropped_attributes_count=dropped[0],
        dropped_events_count=dropped[1],
        dropped_links_count=dropped[2],
    ).SerializeToString()
    return alone


def _attribute(key: str, value: Any) -> bytes:
    """Return a span with this attribute only: in protobuf one message behind the other is both in one.

    Not all types are remembered: equal is not alike, as with 1, 1.0 and True.
    """
    return _remembered(key, value) if type(value) in (str, int) else _span_with(key, value)


def _span_with(key: str, value: Any) -> bytes:
    alone: bytes = Span(attributes=stock._encode_attributes({key: value})).SerializeToString()
    return alone


_remembered = lru_cache(MOST)(_span_with)


@lru_cache(MOST)
def _named(name: str, kind: SpanKind) -> bytes:
    """Return a span with this name and kind only."""
    alone: bytes = Span(name=name, kind=trace_encoder._SPAN_KIND_MAP[kind]).SerializeToString()
    return alone


@lru_cache(MOST)
def _status(code: StatusCode, description: str | None) -> bytes:
    """Return a span with this status only."""
    alone: bytes = Span(status=trace_encoder._encode_status(Status(code, description))).SerializeToString()
    return alone
