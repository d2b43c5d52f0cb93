"""Levers too small for a comparison of whole shops, each timed by itself, the other way and the shop's."""

import json
import os
import timeit
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from chassis import baggage, encoding
from chassis.connections import NoCookies
from chassis.flag_file import FlagFile
from chassis.spool import Spool, ToSpool
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans as encode_stock
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation._semconv import _StabilityMode
from opentelemetry.instrumentation.pymongo import CommandTracer
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span, SpanKind
from pymongo.monitoring import CommandListener, CommandStartedEvent, CommandSucceededEvent
from requests import Response

from .driver import BODIES

ROUNDS, CALLS = 7, 2_000
NOWHERE = "http://127.0.0.1:9/v1/traces"
Call = Callable[[], object]


@dataclass(frozen=True)
class Small:
    """`each`: what it is done for."""

    says: str
    each: str
    other: Call
    shops: Call


def measured() -> dict[str, list[float]]:
    """Microseconds the other way and the shop's, by what the lever says."""
    return {small.says: [round(_microseconds(do), 2) for do in (small.other, small.shops)] for small in SMALL}


def _microseconds(do: Call) -> float:
    """Of one call, in the fastest round: what else the machine does can only add."""
    return 1e6 * min(timeit.repeat(do, number=CALLS, repeat=ROUNDS)) / CALLS


def _encoding() -> tuple[Call, Call]:
    tracer = TracerProvider().get_tracer("small")
    about = {f"an.attribute.{number}": "that spans share" for number in range(7)}
    spans: list[Any] = [tracer.start_span("s", attributes=about | {"number": n}) for n in range(10)]
    for span in spans:
        span.end()
    return lambda: encode_stock(spans), lambda: encoding.encode_spans(spans)


class _Spool(Spool):
    """Forgets what it is given."""

    def keep(self, body: bytes) -> Response:
        answer = Response()
        answer.status_code = 200
        return answer


class _Forgetful(ToSpool):
    """Prepares each request."""

    def request(self, *what: Any, **how: Any) -> Response:
        self._spool.prepared = False
        return super().request(*what, **how)


def _request() -> tuple[Call, Call]:
    """An empty batch: what is left is the request."""
    each, once = (OTLPSpanExporter(NOWHERE, session=kind(_Spool(0))) for kind in (_Forgetful, ToSpool))
    return lambda: each.export([]), lambda: once.export([])


def _cookies() -> tuple[Call, Call]:
    answer = httpx.Response(200, json={}, request=httpx.Request("PUT", NOWHERE))
    looking, ours = httpx.Cookies(), NoCookies()
    return lambda: looking.extract_cookies(answer), lambda: ours.extract_cookies(answer)


def _url() -> tuple[Call, Call]:
    http, path = httpx.AsyncClient(base_url="http://inventory:8000"), f"/reservations/{UUID(int=1)}"
    return (
        lambda: http.build_request("PUT", path),
        lambda: http.build_request("PUT", "http://inventory:8000" + path),
    )


def _faults() -> tuple[Call, Call]:
    os.environ["FAULTS_NOWHERE"] = "/nowhere"
    looking, ours = FlagFile("FAULTS_NOWHERE"), FlagFile("FAULTS_UNSET")
    return lambda: looking.may_be_on("a-fault"), lambda: ours.may_be_on("a-fault")


def _baggage() -> tuple[Call, Call]:
    sent = b"shop.synthetic=true,shop.customer.tier=gold"
    return lambda: baggage._kept.__wrapped__(sent, False), lambda: baggage._kept(sent, False)


def _surrogates() -> tuple[Call, Call]:
    text = BODIES[0].decode()
    body = json.loads(text)
    return lambda: json.dumps(body, ensure_ascii=False).encode(), lambda: "\\u" in text  # as in strict.py


class _Listener(CommandListener):
    """The least that makes the span contrib makes."""

    def __init__(self) -> None:
        self._tracer, self._spans = TracerProvider().get_tracer("ours"), dict[int, Span]()

    def started(self, event: CommandStartedEvent) -> None:
        about: dict[str, str | int] = {
            "db.system.name": "mongodb",
            "db.namespace": event.database_name,
            "db.operation.name": event.command_name,
            "db.collection.name": event.command[event.command_name],
            "server.address": event.connection_id[0],
            "server.port": event.connection_id[1] or 0,
        }
        self._spans[event.request_id] = self._tracer.start_span(
            f"{event.database_name}.{event.command_name}", kind=SpanKind.CLIENT, attributes=about
        )

    def succeeded(self, event: CommandSucceededEvent) -> None:
        self._spans.pop(event.request_id).end()


def _listener() -> tuple[Call, Call]:
    address, command = ("127.0.0.1", 27017), "findAndModify"
    started = CommandStartedEvent({command: "orders"}, "order", 1, address, 1)
    succeeded = CommandSucceededEvent(timedelta(), {"ok": 1}, command, 1, address, 1)
    contrib = CommandTracer(
        TracerProvider().get_tracer("contrib"), semconv_opt_in_mode=_StabilityMode.DATABASE
    )

    def both(listener: CommandListener) -> None:
        listener.started(started)
        listener.succeeded(succeeded)

    ours = _Listener()
    return lambda: both(ours), lambda: both(contrib)


SMALL = (
    Small("a span is written into its batch, what was on others as it was", "ten spans sent", *_encoding()),
    Small("the request to the Collector is prepared once", "batch", *_request()),
    Small("httpx looks for no cookies", "call", *_cookies()),
    Small("httpx is told the whole URL, and need not put it together", "call", *_url()),
    Small("no faults file is named, so none is looked for", "fault asked for", *_faults()),
    Small("baggage is read once per value", "request that has some", *_baggage()),
    Small("broken text is looked for where escapes are", "body", *_surrogates()),
    Small("contrib's listener for MongoDB, not one of our own", "command", *_listener()),
)
