"""The FastAPI app every service starts from: telemetry, problems, limits, health, `traceresponse`."""

import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from opentelemetry import trace
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import logs, problems, telemetry
from .baggage import keep_allowed
from .limits import InFlightLimit
from .settings import Settings
from .strict import StrictRoute

GC_THRESHOLD = 10_000  # new objects; Python's own 700 are those of a request or two
HEALTH_PATHS = ("/healthz", "/readyz")
Check = Callable[[], Awaitable[str | None]]  # None, or what is wrong


class TraceResponse:
    """Adds `traceresponse` (W3C trace context, level 2 draft) to every answer, to find the trace by."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_trace(message: Message) -> None:
            span = trace.get_current_span().get_span_context()
            if message["type"] == "http.response.start" and span.is_valid:
                MutableHeaders(scope=message)["traceresponse"] = (
                    f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}"
                )
            await send(message)

        await self.app(scope, receive, send_with_trace)


class ShopApp(FastAPI):
    """FastAPI with two things outside its own telemetry and error handling, where middleware can't be."""

    edge = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Drop baggage that is not on the list, before FastAPI's telemetry reads the headers.

        `Host` becomes where we listen: the client's would be the attribute server.address as it is.
        """
        if scope["type"] == "http":
            headers = keep_allowed(scope["headers"], edge=self.edge)
            if server := scope.get("server"):
                here = f"{server[0]}:{server[1]}".encode()
                headers = [(name, here if name == b"host" else value) for name, value in headers]
            scope = {**scope, "headers": headers}
        await super().__call__(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        """Put `traceresponse` outside the error handling, so that a 500 carries it too."""
        return TraceResponse(super().build_middleware_stack())


Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def make_app(title: str, lifespan: Lifespan, settings: Settings, *, edge: bool = False) -> FastAPI:
    """Return the app. `lifespan` sets `app.state.check`, which /readyz asks; `edge`: clients come in here."""
    logs.set_up()
    if edge and not settings.edge_trust_parent:
        telemetry.distrust_clients()
    app = ShopApp(
        title=title,
        lifespan=_with_last_spans(lifespan),
        redirect_slashes=False,
        docs_url=None,  # FastAPI's pages load scripts from a CDN; /openapi.json is all a client needs
        redoc_url=None,
        # FastAPI's own spans: the SERVER span only. Its logs would hold exception texts.
        telemetry={
            "operation_spans": False,
            "logs": False,
            "auto_configure": False,
            "exclude": lambda scope: scope.get("path") in HEALTH_PATHS,
        },
    )
    app.edge = edge
    app.router.route_class = StrictRoute
    app.add_middleware(InFlightLimit, most=settings.max_in_flight, exempt=HEALTH_PATHS)
    problems.install(app)
    _add_health(app)
    return app


def _with_last_spans(lifespan: Lifespan) -> Lifespan:
    """Send the last spans when the service stops, after everything that makes some."""

    @asynccontextmanager
    async def whole_life(app: FastAPI) -> AsyncIterator[None]:
        try:
            async with lifespan(app):
                _settle_memory()
                yield
        finally:
            telemetry.shut_down()

    return whole_life


def _settle_memory() -> None:
    """What is there now stays: the garbage collector need not look through it again with every few spans."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 10, 10)


def _add_health(app: FastAPI) -> None:
    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        """The process lives."""
        return {"status": "ok"}

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        """It can work: MongoDB answers, and telemetry is really there if it was asked for."""
        check: Check | None = getattr(app.state, "check", None)
        found = {
            "mongodb": await check() if check else "starting",
            "telemetry": telemetry.problem(),
        }
        ready = not any(found.values())
        says: dict[str, object] = {"ready": ready} | {k: v or "ok" for k, v in found.items()}
        if traces := telemetry.in_use():
            says["traces"] = traces  # `make doctor` compares it hop by hop
        return JSONResponse(says, 200 if ready else 503)
