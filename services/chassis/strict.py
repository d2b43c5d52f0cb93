"""JSON as RFC 8259 means it: UTF-8, no NaN, no key twice, no broken text. Python's parser is laxer."""

import json
import math
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from opentelemetry import trace
from starlette.exceptions import HTTPException

MAX_BODY_BYTES = 64 * 1024


class StrictRequest(Request):
    """A request whose body is bounded and parsed strictly."""

    async def body(self) -> bytes:
        """Return the body, or raise HTTPException 413 as soon as there is too much of it."""
        if not hasattr(self, "_body"):
            body = bytearray()
            async for chunk in self.stream():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise HTTPException(413, f"A body has at most {MAX_BODY_BYTES} bytes.")
            self._body = bytes(body)
        return self._body

    async def json(self) -> Any:
        """Return the parsed body, or raise HTTPException 400."""
        try:
            text = (await self.body()).decode("utf-8")
            body = json.loads(
                text,
                parse_constant=_refuse,
                parse_float=_finite,
                object_pairs_hook=_no_key_twice,
            )
            if "\\u" in text:
                json.dumps(body, ensure_ascii=False).encode()  # a lone surrogate fails here, not in MongoDB
        except (ValueError, RecursionError) as error:
            raise HTTPException(400, "The body is not valid JSON (RFC 8259) in UTF-8.") from error
        return body


class StrictRoute(APIRoute):
    """A route that takes JSON only, and parses it strictly. A path is on the span once it led somewhere."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            span = trace.get_current_span()
            span.set_attribute("url.path", self.path)  # of what was asked for, what is surely harmless
            media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
            if self.body_field and media_type != "application/json":
                raise HTTPException(415, "Send the body as application/json.")
            answer = await handle(StrictRequest(request.scope, request.receive))
            span.set_attribute("url.path", request.scope["path"])  # it was found, so it is what we gave out
            return answer

        return strictly


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key twice")
    return members
