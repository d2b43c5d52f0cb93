"""The clients behind http.py, and connections that cost little: httpx over aiohttp's pool.

httpx's own pool takes several times the CPU: `make bench LEVERS=1` measures it.
"""

from functools import partial
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from . import unsampled
from .baggage import to_ours

# The first that fits.
NAMES: dict[type[BaseException], type[httpx.TransportError]] = {
    aiohttp.ConnectionTimeoutError: httpx.ConnectTimeout,
    aiohttp.SocketTimeoutError: httpx.ReadTimeout,
    aiohttp.ServerDisconnectedError: httpx.RemoteProtocolError,
    aiohttp.ClientConnectorError: httpx.ConnectError,
    aiohttp.ClientConnectionError: httpx.ReadError,
}


class NoCookies(httpx.Cookies):
    """Services set none, and httpx would look for them in every answer."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Look for none."""


class Traced(httpx.AsyncClient):
    """A client whose calls are spans, or are not even looked at where the trace is dropped."""

    cookies = NoCookies()  # type: ignore[override]  # the setter is not for us

    async def send(self, request: httpx.Request, **more: Any) -> httpx.Response:
        if unsampled.dropped():
            answer = await unsampled.call(request, partial(super().send, **more))
        else:
            answer = await super().send(request, **more)
        if answer.is_stream_consumed:
            del answer.stream  # it holds the answer, and the answer it: work for the garbage collector
        return answer


class ToOurs(Traced):
    """Takes baggage along: for our own services only."""

    async def send(self, request: httpx.Request, **more: Any) -> httpx.Response:
        with to_ours():
            return await super().send(request, **more)


class Connections(AiohttpTransport):
    """Says in httpx's own words what went wrong: else whatever was cut off would be a ConnectTimeout.

    aiohttp sends a PUT or DELETE once more where a connection turns out to be closed that was idle before.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except httpx.TransportError as error:
            raise _named(error, error.__cause__) from error
        except aiohttp.ClientError as error:  # what came is no HTTP
            raise httpx.RemoteProtocolError(str(error)) from error


def _named(error: httpx.TransportError, cause: BaseException | None) -> httpx.TransportError:
    for kind, name in NAMES.items():
        if isinstance(cause, kind):
            return name(str(error))
    return error
