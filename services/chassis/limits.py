"""Back-pressure: who is full says so at once. A queue would make every request slow before it helps none."""

from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from .problems import Problem

FULL = Problem(
    503,
    "unavailable",
    "Too many requests at a time. Nothing was written; try again.",
    headers={"Retry-After": "1"},
)


class InFlightLimit:
    """Answers 503 where `most` requests are in work already; health is always asked."""

    def __init__(self, app: ASGIApp, most: int, exempt: Collection[str] = ()) -> None:
        self.app, self._most, self._exempt = app, most, exempt
        self._now = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self._exempt:
            await self.app(scope, receive, send)
        elif self._now >= self._most:
            await FULL.answer()(scope, receive, send)
        else:
            self._now += 1
            try:
                await self.app(scope, receive, send)
            finally:
                self._now -= 1
