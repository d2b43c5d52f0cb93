"""An OTLP/HTTP receiver between services and several Collectors: each of them gets everything."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from tests.support import Outside


class Tee:
    """`points`: by service, the series its SDK sent last. `refused`: what a Collector did not take."""

    def __init__(self, *targets: str) -> None:
        self.points: dict[str, set[str]] = {}
        self.refused: list[str] = []
        self._targets, self._client = targets, Outside(timeout=30)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._client.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        tee = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                tee.take(self.path, self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    def take(self, path: str, body: bytes) -> None:
        if path == "/v1/metrics":
            self._count(ExportMetricsServiceRequest.FromString(body))
        for target in self._targets:
            answer = self._client.post(
                target + path, content=body, headers={"content-type": "application/x-protobuf"}
            )
            if answer.status_code != 200:
                self.refused.append(f"{target}{path}: {answer.status_code}")

    def _count(self, request: ExportMetricsServiceRequest) -> None:
        for part in request.resource_metrics:
            (service,) = [
                pair.value.string_value for pair in part.resource.attributes if pair.key == "service.name"
            ]
            metrics = [metric for scope in part.scope_metrics for metric in scope.metrics]
            self.points[service] = {series for metric in metrics for series in _series(metric)}


def _series(metric: Any) -> set[str]:
    data = getattr(metric, str(metric.WhichOneof("data")))
    return {f"{metric.name} {sorted(map(str, point.attributes))}" for point in data.data_points}
