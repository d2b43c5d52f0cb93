"""Real spans, recorded as the Collector sends them, sent again under new ids: many orders in little time."""

import os
import re
from collections import defaultdict
from collections.abc import Iterator
from uuid import uuid4

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.resilience.otlp_sink import CountingSink

Requests = list[ExportTraceServiceRequest]
UUID = re.compile("-".join(f"[0-9a-f]{{{length}}}" for length in (8, 4, 4, 4, 12)))


class Recorder(CountingSink):
    """In Jaeger's place; keeps what it was sent."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.requests: Requests = []

    def Export(  # noqa: N802 - the protocol's name
        self, request: ExportTraceServiceRequest, context: object
    ) -> ExportTraceServiceResponse:
        self.requests.append(request)
        return super().Export(request, context)

    @property
    def spans(self) -> int:
        return len(self.copies())


class Renamed:
    """The same traces under new ids: those of traces and spans, and every UUID in an attribute."""

    def __init__(self) -> None:
        self._traces: defaultdict[bytes, bytes] = defaultdict(lambda: os.urandom(16))
        self._spans: defaultdict[bytes, bytes] = defaultdict(lambda: os.urandom(8))
        self._uuids: defaultdict[str, str] = defaultdict(lambda: str(uuid4()))

    def copy(self, request: ExportTraceServiceRequest) -> ExportTraceServiceRequest:
        new = ExportTraceServiceRequest()
        new.CopyFrom(request)
        for span in spans_of(new):
            self._rename(span)
        return new

    def _rename(self, span: Span) -> None:
        span.trace_id, span.span_id = self._traces[span.trace_id], self._spans[span.span_id]
        if span.parent_span_id:
            span.parent_span_id = self._spans[span.parent_span_id]
        for attribute in span.attributes:
            if "-" in (text := attribute.value.string_value):
                attribute.value.string_value = UUID.sub(lambda found: self._uuids[found[0]], text)


def spans_of(request: ExportTraceServiceRequest) -> Iterator[Span]:
    for part in request.resource_spans:
        for scope in part.scope_spans:
            yield from scope.spans


def send(requests: Requests, endpoint: str, times: int) -> None:
    """Send all of them that often to an OTLP/gRPC receiver, each time as other traces."""
    with grpc.insecure_channel(endpoint) as channel:
        stub = TraceServiceStub(channel)
        for _ in range(times):
            renamed = Renamed()
            for request in requests:
                stub.Export(renamed.copy(request))
