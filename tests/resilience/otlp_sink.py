"""An OTLP/gRPC receiver in Jaeger's place: counts how often each span id came, and can be down."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)

LARGEST = 64 * 2**20  # bytes; what waited in a queue comes in big batches


class CountingSink(TraceServiceServicer):  # type: ignore[misc]
    """Starts down: nobody listens on its port until `up`."""

    def __init__(self, port: int) -> None:
        self.endpoint, self._server = f"127.0.0.1:{port}", None
        self._seen: Counter[bytes] = Counter()
        self._lock = threading.Lock()

    def up(self) -> None:
        options = [("grpc.max_receive_message_length", LARGEST), ("grpc.so_reuseport", 0)]
        self._server: Any = grpc.server(ThreadPoolExecutor(4), options=options)
        add_TraceServiceServicer_to_server(self, self._server)
        self._server.add_insecure_port(self.endpoint)
        self._server.start()

    def down(self) -> None:
        """Stop listening; what is being received is finished, as Jaeger does when it is told to end."""
        if self._server:
            self._server.stop(1).wait()
            self._server = None

    def Export(  # noqa: N802 - the protocol's name
        self, request: ExportTraceServiceRequest, context: object
    ) -> ExportTraceServiceResponse:
        scopes = [scope for part in request.resource_spans for scope in part.scope_spans]
        with self._lock:
            self._seen.update(span.span_id for scope in scopes for span in scope.spans)
        return ExportTraceServiceResponse()

    def copies(self) -> Counter[bytes]:
        """How often each span id has come so far."""
        with self._lock:
            return self._seen.copy()
