"""Two places where telemetry arrives and is kept whole: before the Collector, and behind it."""

from collections.abc import Iterator
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.canary.otlp import Texts, resources, texts
from tests.resilience.otlp_sink import CountingSink
from tests.sink import Sink
from tests.support import Outside


class Keeper(Sink):
    """Keeps every message whole."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Any] = []

    def take_spans(self, body: bytes) -> None:
        self._take("/v1/traces", ExportTraceServiceRequest, body)
        super().take_spans(body)

    def take_metrics(self, body: bytes) -> None:
        self._take("/v1/metrics", ExportMetricsServiceRequest, body)
        super().take_metrics(body)

    def _take(self, path: str, kind: Any, body: bytes) -> None:
        self.kept.append(kind.FromString(body))

    def by_trace(self) -> dict[str, list[tuple[str, Any]]]:
        """Every span so far with its service, by trace id."""
        found: dict[str, list[tuple[str, Any]]] = {}
        for request in list(self.kept):
            for service, part in resources(request):
                for span in (span for scope in getattr(part, "scope_spans", ()) for span in scope.spans):
                    found.setdefault(span.trace_id.hex(), []).append((service, span))
        return found


class Tee(Keeper):
    """Sends every message on to the Collector, too."""

    def __init__(self, collector: str) -> None:
        super().__init__()
        self._collector = Outside(base_url=collector, timeout=10)

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        self._collector.close()

    def _take(self, path: str, kind: Any, body: bytes) -> None:
        super()._take(path, kind, body)
        headers = {"content-type": "application/x-protobuf"}
        self._collector.post(path, content=body, headers=headers).raise_for_status()


class Behind(CountingSink):
    """In Jaeger's place: what the Collector lets through."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.kept: list[Any] = []

    def Export(self, request: Any, context: object) -> Any:  # noqa: N802 - the protocol's name
        self.kept.append(request)
        return super().Export(request, context)


def spans(request: Any) -> Iterator[Any]:
    for _, part in resources(request):
        for scope in getattr(part, "scope_spans", ()):
            yield from scope.spans


def texts_of(request: Any, *, tracestate: bool = False) -> Texts:
    """Every text but tracestate, or only that."""
    for service, part in resources(request):
        for where, text in texts(part, service):
            if where.endswith("trace_state") == tracestate:
                yield where, text
