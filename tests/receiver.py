"""An OTLP/HTTP receiver that can be away, and refuse: what it was sent, in its order, and how it answered."""

import gzip
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support import free_ports

Answer = tuple[int, dict[str, str]]


class Receiver:
    """Answers in turn with the statuses given, then with 200. `spans`: (trace id, name) of those it took.

    `tries`: when it was asked, and what it answered. `headers`: of the last request.
    """

    def __init__(self, *answers: Answer) -> None:
        self.port, self.answers = free_ports(1)[0], list(answers)
        self.base = f"http://127.0.0.1:{self.port}"
        self.url = f"{self.base}/v1/traces"
        self.spans: list[tuple[str, str]] = []
        self.tries: list[tuple[float, int]] = []
        self.headers: dict[str, str] = {}

    def __enter__(self) -> Self:
        """From here on it is there."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.headers = {name.lower(): value for name, value in self.headers.items()}
                status, headers = receiver.take(body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    def take(self, body: bytes) -> Answer:
        answer = self.answers.pop(0) if self.answers else (200, {})
        self.tries.append((time.monotonic(), answer[0]))
        if answer[0] == 200:
            plain = gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body
            self.spans += _spans(plain)
        return answer

    @property
    def names(self) -> list[str]:
        return [name for _, name in self.spans]

    def of(self, trace_id: str) -> set[str]:
        return {name for trace, name in self.spans if trace == trace_id}


def _spans(body: bytes) -> list[tuple[str, str]]:
    parts = ExportTraceServiceRequest.FromString(body).resource_spans
    return [
        (span.trace_id.hex(), span.name)
        for part in parts
        for scope in part.scope_spans
        for span in scope.spans
    ]
