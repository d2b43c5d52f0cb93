"""All of the telemetry's set-up: providers from the OTEL_* variables, instrumentors, propagation, baggage.

Business code imports none of the SDK. With OTEL_SDK_DISABLED=true every answer of the shop stays the same.
"""

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Any

import httpx
from opentelemetry import _logs, baggage, context, metrics, propagate, trace
from opentelemetry.distro import OpenTelemetryConfigurator, OpenTelemetryDistro
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.pymongo import PymongoInstrumentor
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span

from . import encoding
from .baggage import BaggageToAttributes, OursOnly
from .privacy import Scrubber
from .sampling import EdgeSampler
from .spool import Spooling

log = logging.getLogger(__name__)

untraced: Callable[[], AbstractContextManager[None]] = suppress_instrumentation
"""`with untraced():` for pings, polling, indexes and seeding: no spans from the instrumentors."""


@cache
def set_up() -> None:
    """Configure telemetry once, before any client or app exists.

    A broken configuration is logged and shows in /readyz; it never stops the shop.
    """
    os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http,database")  # else: names of 2021
    # Any other method is the span `HTTP /route`: a client can't make up span names.
    os.environ.setdefault("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", "GET,POST,PUT,DELETE")
    try:
        spooling = Spooling()
        if not isinstance(trace.get_tracer_provider(), TracerProvider):  # else: opentelemetry-instrument
            OpenTelemetryDistro().configure()  # defaults for OTEL_*
            OpenTelemetryConfigurator().configure(exporter_args_map=spooling.exporter_args)  # type: ignore[no-untyped-call]
        provider = trace.get_tracer_provider()
        if isinstance(provider, TracerProvider):
            encoding.install()
            provider.add_span_processor(BaggageToAttributes())
            provider.add_span_processor(Scrubber())
            provider.add_span_processor(spooling)  # the last one: it is flushed after what fills it
    except Exception as error:
        log.error("telemetry is NOT configured, check the OTEL_* variables: %s", error)
    propagate.set_global_textmap(OursOnly(propagate.get_global_textmap()))
    # Listeners are fixed when a Mongo client is made, so this stands before any client.
    PymongoInstrumentor().instrument(request_hook=_name_operation)
    HTTPXClientInstrumentor().instrument(async_request_hook=_count_resends)


def trace_calls(client: httpx.AsyncClient) -> None:
    """A span for every call of this client: one with a transport of its own is not seen otherwise."""
    HTTPXClientInstrumentor.instrument_client(client, request_hook=_count_resends)


def distrust_clients() -> None:
    """From now on our sampler decides, whatever a client says. Only where clients come in."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.sampler = EdgeSampler(provider.sampler)


def problem() -> str | None:
    """Say why no spans leave this process although they were asked for; None when all is well."""
    wanted = os.environ.get("OTEL_TRACES_EXPORTER", "otlp") != "none"
    if not wanted or _switched_off():
        return None
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        return "telemetry was asked for but no TracerProvider is set up; see the service's first log lines"
    return None


def _switched_off() -> bool:
    return os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"


def in_use() -> dict[str, str] | None:
    """How spans leave this process, for the doctor: no headers, no passwords. None where none are made."""
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider) or _switched_off():
        return None
    either = ("OTEL_EXPORTER_OTLP_TRACES_", "OTEL_EXPORTER_OTLP_")  # the first one wins, as in the SDK
    endpoint, protocol = (
        next((value for start in either if (value := os.environ.get(start + name))), "")
        for name in ("ENDPOINT", "PROTOCOL")
    )
    address = endpoint.rpartition("@")[2]
    return {
        "exporter": os.environ.get("OTEL_TRACES_EXPORTER", "otlp"),
        "endpoint": re.split("[/?#]", address.partition("//")[2] or address)[0],
        "protocol": protocol,
        "sampler": provider.sampler.get_description(),
        "propagated": ",".join(sorted(propagate.get_global_textmap().fields)),
    }


def shut_down(deadline: float = 3.0) -> None:
    """Send what is queued, for `deadline` seconds at most: a Collector that is gone must not hold us up.

    Call it in the lifespan: SIGTERM ends the process before atexit.
    """
    providers = (trace.get_tracer_provider(), metrics.get_meter_provider(), _logs.get_logger_provider())
    threads = [
        threading.Thread(target=provider.shutdown, daemon=True)
        for provider in providers
        if isinstance(provider, TracerProvider | MeterProvider | LoggerProvider)
    ]
    for thread in threads:
        thread.start()
    ends = time.monotonic() + deadline
    for thread in threads:
        thread.join(max(0.0, ends - time.monotonic()))


@contextmanager
def carry(key: str, value: str) -> Iterator[None]:
    """Put a baggage entry on everything inside, here and in the services called."""
    token = context.attach(baggage.set_baggage(key, value))
    try:
        yield
    finally:
        context.detach(token)


async def _count_resends(span: Span, request: Any) -> None:
    """Say on a call's span that it is not the first try, and which."""
    if resent := request.extensions.get("resend_count"):
        span.set_attribute("http.request.resend_count", resent)


def _name_operation(span: Span, event: Any) -> None:
    """Add what semantic conventions require and contrib leaves out."""
    span.set_attribute("db.operation.name", event.command_name)
