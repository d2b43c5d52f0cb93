"""What the set-ups change in the services: each a few lines."""

from tests.practice.variant import Change

FILES = ("telemetry", "app", "http", "connections", "mongo")
TELEMETRY, APP, HTTP, CONNECTIONS, MONGO = (f"chassis/{name}.py" for name in FILES)

_FIRST = "    # Any other method is the span `HTTP /route`: a client can't make up span names.\n"
OFF = (
    Change(
        TELEMETRY,
        _FIRST,
        """\
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    metrics.set_meter_provider(MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())]))
    return
"""
        + _FIRST,
    ),
)

_HEADERS = '            headers = keep_allowed(scope["headers"], edge=self.edge)\n'
_BURNS = """\
            if scope["path"] not in HEALTH_PATHS:
                for _ in range(20_000):
                    pass
"""
BURN = (*OFF, Change(APP, _HEADERS, _BURNS + _HEADERS))
"""An order is three requests."""

_ADDED = "            provider.add_span_processor(Scrubber())\n"
SYNCHRONOUS = (
    Change(
        TELEMETRY,
        _ADDED,
        _ADDED
        + """\
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.trace.export import SimpleSpanProcessor

            provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
""",
    ),
)

_OURS = """\
        if isinstance(provider, TracerProvider):
            encoding.install()
            provider.add_span_processor(BaggageToAttributes())
            provider.add_span_processor(Scrubber())
            provider.add_span_processor(spooling)  # the last one: it is flushed after what fills it
"""
_TEXTMAP = "    propagate.set_global_textmap(OursOnly(propagate.get_global_textmap()))\n"
_EDGE = "    app.edge = edge\n"
STACK = "return TraceResponse(super().build_middleware_stack())"
CONTRIB = (
    Change(TELEMETRY, _OURS, ""),
    Change(TELEMETRY, _TEXTMAP, ""),
    Change(
        TELEMETRY,
        "PymongoInstrumentor().instrument(request_hook=_name_operation)",
        "PymongoInstrumentor().instrument()",
    ),
    Change(TELEMETRY, "instrument_client(client, request_hook=_count_resends)", "instrument_client(client)"),
    Change(
        APP,
        _EDGE,
        _EDGE
        + """\
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

    FastAPIInstrumentor.instrument_app(app)
""",
    ),
    Change(APP, STACK, "return super().build_middleware_stack()"),
)

PYTHONS_GC = (Change(APP, "                _settle_memory()\n", ""),)
CYCLES = (
    Change(HTTP, "            vars(tries).clear()", "            pass"),
    Change(CONNECTIONS, "            del answer.stream", "            pass"),
)
OPERATION_SPANS = (Change(APP, '"operation_spans": False', '"operation_spans": True'),)
STOCK_ENCODER = (Change(TELEMETRY, "            encoding.install()\n", ""),)
LOOKED_AT = (
    Change(
        "chassis/unsampled.py",
        "return span.get_span_context().is_valid and not span.is_recording()",
        "return False",
    ),
)
HTTPX_POOL = (
    Change(HTTP, "transport=Connections(limits=limits)", "limits=limits, trust_env=False"),
    Change(HTTP, "    trace_calls(to_ours)\n", ""),
)
PER_CALL = (
    Change(
        HTTP,
        """\
                    answer = await self._http.request(
                        method, self._url + path, json=json, extensions={"resend_count": resent}
                    )
""",
        """\
                    async with httpx.AsyncClient(base_url=self._http.base_url) as http:
                        answer = await http.request(method, path, json=json)
""",
    ),
)
TEXTBOOK = (*CONTRIB, *PYTHONS_GC, *PER_CALL)

_MOTOR = "from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase\n"
PYMONGO = (
    Change(
        MONGO,
        _MOTOR,
        """\
from pymongo import AsyncMongoClient as AsyncIOMotorClient
from pymongo.asynchronous.database import AsyncDatabase as AsyncIOMotorDatabase
""",
    ),
    Change(MONGO, "            client.close()\n", "            await client.close()\n"),
)
