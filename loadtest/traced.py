"""One root span per trip of a customer; its context goes with every request of the trip. For FastHttpUser,
which Locust's own --otel leaves out.

Spans leave by http/protobuf: gRPC does not go with gevent. OTEL_* say where to and how many, as everywhere.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

import gevent
import journal
from locust import FastHttpUser, task
from locust.contrib.fasthttp import FastHttpSession
from locust.exception import RescheduleTaskImmediately
from opentelemetry import baggage, context, propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

RESOURCE = {"service.name": "load", "service.namespace": "spanshop"}
_losses = InMemoryMetricReader()


@cache
def provider() -> TracerProvider:
    """Made when Locust has settled which process this is, and before customers could make it at once."""
    own = MeterProvider([_losses])  # the SDK counts its losses if OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED
    provider = TracerProvider(resource=Resource.create(RESOURCE))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(meter_provider=own), meter_provider=own))
    return provider


def finish() -> None:
    """Send the last spans, and say which could not be sent."""
    provider().shutdown()
    journal.keep_losses(_losses)


@dataclass
class Trip:
    """What one customer did at a time, as the journal keeps it. Times in seconds since 1970."""

    kind: str
    trace_id: str
    sampled: bool
    started: float
    late: float  # milliseconds after the moment it was due
    answers: list[tuple[str, int, float, float]] = field(default_factory=list)  # name, status, ms, sent at
    wrong: list[str] = field(default_factory=list)
    pending: bool = False
    cut_off: bool = False

    def ask(
        self,
        client: FastHttpSession,
        method: str,
        path: str,
        *,
        name: str,
        expected: tuple[int, ...],
        **more: Any,
    ) -> tuple[int, Any]:
        """Send a request within the trip; return status and body, None for any answer but an expected one.

        `name` is what Locust counts it as: few names, never an id.
        """
        headers = more.pop("headers", {})
        propagate.inject(headers)
        sent, began, status = time.time(), time.perf_counter(), 0
        try:
            with client.request(
                method, path, name=name, headers=headers, catch_response=True, **more
            ) as answer:
                status = answer.status_code
                if status in expected:
                    answer.success()  # a refusal that was asked for
                    return status, answer.json()
                self.wrong.append(f"{name}: {status} instead of {' or '.join(map(str, expected))}")
                answer.failure(self.wrong[-1])
                return status, None
        finally:
            self.answers.append((name, status, round(1000 * (time.perf_counter() - began), 2), sent))


@contextmanager
def trip(kind: str, late: float = 0.0) -> Iterator[Trip]:
    """Everything inside is one trace: look for service `load` in Jaeger.

    Marked before its first span begins, so every span of it, in every service, says that a machine made it.
    """
    token = context.attach(baggage.set_baggage("shop.synthetic", "true"))
    marked = {"user_agent.synthetic.type": "test"}
    try:
        with provider().get_tracer("load").start_as_current_span(kind, attributes=marked) as span:
            ids = span.get_span_context()
            made = Trip(kind, f"{ids.trace_id:032x}", ids.trace_flags.sampled, time.time(), late)
            try:
                yield made
            except gevent.GreenletExit:  # Locust stops, and this one took longer than --stop-timeout
                made.cut_off = True
                raise
            finally:
                journal.keep(asdict(made))
            if made.wrong:
                span.set_status(trace.StatusCode.ERROR)
                span.set_attribute("error.type", "unexpected-answer")
    finally:
        context.detach(token)


class TracedUser(FastHttpUser):
    """A user whose tasks are trips."""

    abstract = True
    host = os.environ.get("ORDER_URL", "http://127.0.0.1:8000")

    @task
    def act_again(self) -> None:
        """Without Locust's own way of waiting: it kills who waits, also one who has just begun a trip."""
        self.act()
        raise RescheduleTaskImmediately

    def act(self) -> None:
        """One trip, and the time until the next one."""
        raise NotImplementedError
