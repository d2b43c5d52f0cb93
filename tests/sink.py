"""An OTLP/HTTP receiver that keeps what it gets, and a service as a process of its own that sends to it."""

import gzip
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import httpx
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support import Outside, eventually, free_ports

SERVICES = Path(__file__).parent.parent / "services"


@dataclass(frozen=True)
class LogLine:
    """One OTLP log record; ids in hex, empty where there are none."""

    service: str
    logger: str
    severity: int
    level: str
    body: str
    trace_id: str
    span_id: str
    attributes: dict[str, Any]
    resource: dict[str, Any]


class Sink:
    """Receives telemetry. `spans`: (service, name, trace id); `points`: metric -> its points' attributes."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, str, str]] = []
        self.points: dict[str, list[dict[str, Any]]] = {}
        self.logs: list[LogLine] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        take = {"traces": self.take_spans, "metrics": self.take_metrics, "logs": self.take_logs}

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                take[self.path.rpartition("/")[2]](body)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    def take_spans(self, body: bytes) -> None:
        for part in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = _attributes(part.resource.attributes)["service.name"]
            for scope in part.scope_spans:
                self.spans += [(service, span.name, span.trace_id.hex()) for span in scope.spans]

    def take_metrics(self, body: bytes) -> None:
        for part in ExportMetricsServiceRequest.FromString(body).resource_metrics:
            for metric in (metric for scope in part.scope_metrics for metric in scope.metrics):
                data = getattr(metric, str(metric.WhichOneof("data")))
                self.points.setdefault(metric.name, []).extend(
                    _attributes(point.attributes) for point in data.data_points
                )

    def take_logs(self, body: bytes) -> None:
        for part in ExportLogsServiceRequest.FromString(body).resource_logs:
            resource = _attributes(part.resource.attributes)
            for scope in part.scope_logs:
                self.logs += [_line(record, scope.scope.name, resource) for record in scope.log_records]


def _line(record: Any, logger: str, resource: dict[str, Any]) -> LogLine:
    return LogLine(
        service=resource["service.name"],
        logger=logger,
        severity=record.severity_number,
        level=record.severity_text,
        body=record.body.string_value,
        trace_id=record.trace_id.hex(),
        span_id=record.span_id.hex(),
        attributes=_attributes(record.attributes),
        resource=resource,
    )


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, str(pair.value.WhichOneof("value"))) for pair in pairs}


class ServiceProcess:
    """One service under uvicorn in a process of its own. `extra` is added to its environment.

    `services`: where its code is, if it is another copy of it; `flags` are uvicorn's.
    """

    def __init__(
        self,
        name: str,
        directory: Path,
        *prefix: str,
        services: Path = SERVICES,
        flags: Sequence[str] = (),
        **extra: str,
    ) -> None:
        self.name, self.port, self._log = name, free_ports(1)[0], directory / f"{name}.log"
        standard = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
        defaults = {
            "OTEL_SERVICE_NAME": name,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_LOGS_EXPORTER": "none",
            "OTEL_BSP_SCHEDULE_DELAY": "60000",  # nothing leaves by itself: what arrives was flushed
        }
        command = [
            *(prefix or (sys.executable, "-m")),
            "uvicorn",
            f"{name}.main:app",
            "--port",
            str(self.port),
            *flags,
        ]
        self.client = Outside(base_url=f"http://127.0.0.1:{self.port}", timeout=10)
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=services, env=standard | defaults | extra, stderr=log, stdout=log
            )

    def __enter__(self) -> Self:
        eventually(self.alive, seconds=30)
        return self

    def alive(self) -> None:
        """Raises RuntimeError if it has ended, AssertionError if it does not answer yet."""
        if self.process.poll() is not None:
            raise RuntimeError(f"it ended by itself: {self.log}")
        try:
            assert self.client.get("/healthz").status_code == 200
        except httpx.HTTPError as error:
            raise AssertionError(self.log) from error

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.client.close()

    def stop(self, how: signal.Signals = signal.SIGTERM, seconds: float = 20) -> None:
        """End it. Raises AssertionError with the end of its log where it has to be killed after `seconds`."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.name} did not end within {seconds} s:\n{self.log[-2000:]}") from None

    @property
    def log(self) -> str:
        return self._log.read_text()
