"""An OTLP/gRPC receiver in Jaeger's place that keeps whole spans, to be read as traces."""

import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)

from tests.support import free_ports
from tools.jaeger import KINDS
from tools.tracecheck import Span, Trace

LARGEST = 64 * 2**20  # bytes
ERROR = 2


class TraceSink(TraceServiceServicer):  # type: ignore[misc]
    """What a Collector would have stored."""

    def __init__(self) -> None:
        self.endpoint = f"127.0.0.1:{free_ports(1)[0]}"
        self._spans: list[Span] = []
        self._lock = threading.Lock()
        options = [("grpc.max_receive_message_length", LARGEST), ("grpc.so_reuseport", 0)]
        self._server: Any = grpc.server(ThreadPoolExecutor(2), options=options)
        add_TraceServiceServicer_to_server(self, self._server)
        self._server.add_insecure_port(self.endpoint)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(1).wait()

    def Export(  # noqa: N802 - the protocol's name
        self, request: ExportTraceServiceRequest, context: object
    ) -> ExportTraceServiceResponse:
        found = [
            _to_span(raw, _attributes(part.resource.attributes))
            for part in request.resource_spans
            for scope in part.scope_spans
            for raw in scope.spans
        ]
        with self._lock:
            self._spans += found
        return ExportTraceServiceResponse()

    def __len__(self) -> int:
        with self._lock:
            return len(self._spans)

    def traces(self) -> dict[str, Trace]:
        """Return what has come so far, by trace id."""
        by_id = defaultdict(list)
        with self._lock:
            for span in self._spans:
                by_id[span.trace_id].append(span)
        return {trace_id: Trace(spans) for trace_id, spans in by_id.items()}


def _to_span(raw: Any, resource: dict[str, Any]) -> Span:
    return Span(
        name=raw.name,
        kind=KINDS[raw.kind],
        service=resource["service.name"],
        trace_id=raw.trace_id.hex(),
        span_id=raw.span_id.hex(),
        parent_id=raw.parent_span_id.hex(),
        start=raw.start_time_unix_nano,
        end=raw.end_time_unix_nano,
        error=raw.status.code == ERROR,
        attributes=_attributes(raw.attributes),
    )


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, str(pair.value.WhichOneof("value"))) for pair in pairs}
