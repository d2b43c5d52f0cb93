"""A bare OTLP/HTTP sender that knows what it was promised: the ids of the spans the Collector said 200 to."""

import os
import threading
import time
from typing import Self

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support import Outside

SPANS = 50
"""In a batch: about what a service sends of a few orders."""


class Sender:
    """Sends fresh batches, `rate` a second at most, each again and again until it is accepted.

    `accepted`: ids promised to arrive. `resent`: ids of tries that were cut off without an answer; the
    Collector may have kept those, so a second copy of them is the sender's own doing.
    """

    def __init__(self, url: str, rate: float) -> None:
        self.accepted: set[bytes] = set()
        self.resent: set[bytes] = set()
        self.refused = 0
        self._rate, self._number = rate, 0
        self._client = Outside(base_url=url, timeout=5)
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._client.close()

    def stop(self) -> None:
        """Make an end once the batch in hand is accepted, or 20 s later."""
        self._enough.set()
        self._thread.join(20)

    def _run(self) -> None:
        due = time.monotonic()
        while not self._enough.is_set():
            self._deliver(*self._batch())
            due = max(due + 1 / self._rate, time.monotonic())
            self._enough.wait(due - time.monotonic())

    def _batch(self) -> tuple[bytes, set[bytes]]:
        request = ExportTraceServiceRequest()
        resource = request.resource_spans.add()
        resource.resource.attributes.add(key="service.name").value.string_value = "sender"
        scope, trace_id, now = resource.scope_spans.add(), os.urandom(16), time.time_ns()
        for _ in range(SPANS):
            self._number += 1
            span = scope.spans.add(trace_id=trace_id, span_id=self._number.to_bytes(8), name="sent")
            span.start_time_unix_nano, span.end_time_unix_nano = now, now + 1_000_000
            for number in range(8):
                span.attributes.add(key=f"attribute.{number}").value.string_value = f"value {number}"
        return request.SerializeToString(), {span.span_id for span in scope.spans}

    def _deliver(self, body: bytes, ids: set[bytes]) -> None:
        headers, deadline = {"content-type": "application/x-protobuf"}, time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if self._client.post("/v1/traces", content=body, headers=headers).status_code == 200:
                    self.accepted |= ids
                    return
                self.refused += 1
            except httpx.ConnectError:
                self.refused += 1
            except httpx.TransportError:
                self.resent |= ids
            time.sleep(0.05)
