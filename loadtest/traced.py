"""One root span per trip of a customer; its context goes with every request of the trip. For FastHttpUser,
which Locust's own --otel leaves out.

Spans leave by http/protobuf: gRPC does not go with gevent. OTEL_* say where to and how many, as everywhere.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from locust import FastHttpUser
from locust.contrib.fasthttp import FastHttpSession
from opentelemetry import baggage, context, propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

RESOURCE = {"service.name": "load", "service.namespace": "spanshop"}


@cache
def provider() -> TracerProvider:
    """Made when Locust has settled which process this is, and before customers could make it at once."""
    provider = TracerProvider(resource=Resource.create(RESOURCE))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


@dataclass
class Trip:
    """What one customer did at a time, as the journal keeps it; milliseconds as the client saw them."""

    kind: str
    trace_id: str
    sampled: bool
    started: float
    answers: list[tuple[str, int, float]] = field(default_factory=list)  # name, status, milliseconds
    wrong: list[str] = field(default_factory=list)

    def ask(
        self, client: FastHttpSession, method: str, path: str, *, name: str, expected: int, **more: Any
    ) -> Any:
        """Send a request within the trip; return the body, or None for any answer but the expected one.

        `name` is what Locust counts it as: few names, never an id.
        """
        headers = more.pop("headers", {})
        propagate.inject(headers)
        began = time.perf_counter()
        with client.request(method, path, name=name, headers=headers, catch_response=True, **more) as answer:
            took = round(1000 * (time.perf_counter() - began), 2)
            self.answers.append((name, answer.status_code, took))
            if answer.status_code != expected:
                self.wrong.append(f"{name}: {answer.status_code} instead of {expected}")
                answer.failure(self.wrong[-1])
                return None
            answer.success()  # a refusal that was asked for
            return answer.json()


@contextmanager
def trip(kind: str) -> Iterator[Trip]:
    """Everything inside is one trace: look for service `load` in Jaeger.

    Marked before its first span begins, so every span of it, in every service, says that a machine made it.
    """
    token = context.attach(baggage.set_baggage("shop.synthetic", "true"))
    marked = {"user_agent.synthetic.type": "test"}
    try:
        with provider().get_tracer("load").start_as_current_span(kind, attributes=marked) as span:
            ids = span.get_span_context()
            made = Trip(kind, f"{ids.trace_id:032x}", ids.trace_flags.sampled, time.time())
            yield made
            if made.wrong:
                span.set_status(trace.StatusCode.ERROR)
                span.set_attribute("error.type", "unexpected-answer")
    finally:
        context.detach(token)
    _journal(made)


def _journal(made: Trip) -> None:
    """A line per trip, in a file per process: what the report compares with what was stored."""
    if directory := os.environ.get("LOAD_JOURNAL"):
        with (Path(directory) / f"{os.getpid()}.jsonl").open("a") as file:
            file.write(json.dumps(asdict(made)) + "\n")


class TracedUser(FastHttpUser):
    """A user whose tasks are trips."""

    abstract = True
    host = os.environ.get("ORDER_URL", "http://127.0.0.1:8000")
