"""Every error as a problem document (RFC 9457), and never with what the client sent in it."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Route

log = logging.getLogger(__name__)


class Unavailable(Exception):
    """Something this service depends on does not answer; nothing was written, try again."""


class Problem(Exception):
    """An answer that is an error. `kind` is the last part of `type`; `extra` are members that help."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(kind)
        self.status, self.kind, self.detail = status, kind, detail
        self.headers, self.extra = headers or {}, extra

    def answer(self) -> JSONResponse:
        """The document as a response; members without a value are left out."""
        members = {
            "type": f"/problems/{self.kind}" if self.kind else "about:blank",
            "title": self.kind.replace("-", " ") or HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        } | {key: value for key, value in self.extra.items() if value is not None}
        return JSONResponse(members, self.status, self.headers, "application/problem+json")


def install(app: FastAPI) -> None:
    """Make the app answer every exception with a problem document."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


async def _problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return error.answer()


async def _unavailable(_: Request, error: Exception) -> JSONResponse:
    log.warning("unavailable: %s", error)
    detail = "A dependency does not answer. Try again, with the same Idempotency-Key if you sent one."
    return Problem(503, "unavailable", detail, headers={"Retry-After": "1"}).answer()


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    broken = any(found["type"] == "json_invalid" for found in error.errors())
    errors = [
        {"at": ".".join(str(part) for part in found["loc"][:4])[:80], "is": found["type"]}
        for found in error.errors()[:20]
        if found["type"] != "extra_forbidden"
    ] or [{"at": "body", "is": error.errors()[0]["type"]}]
    detail = "The body is not JSON." if broken else "The request does not have the form it should."
    return Problem(400 if broken else 422, "invalid-request", detail, errors=errors).answer()


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    kind = "not-found" if error.status_code == 404 else "invalid-request"
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = _allowed_methods(request)
    return Problem(error.status_code, kind, error.detail, headers=headers).answer()


def _allowed_methods(request: Request) -> str:
    """Every method of this path; Starlette names those of one route only."""
    path, routes = request.scope["path"], request.app.routes
    there = [route for route in routes if isinstance(route, Route) and route.path_regex.match(path)]
    return ", ".join(sorted({method for route in there for method in route.methods or ()}))


async def _unexpected(_: Request, error: Exception) -> JSONResponse:
    # uvicorn says it too, but after the span has ended: its line belongs to no trace.
    log.error("a bug: the answer is 500", exc_info=error)
    return Problem(500, "", "This is our fault; the trace in `traceresponse` shows where.").answer()
