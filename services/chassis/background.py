"""Work that repeats beside the requests; a failure is logged and tried again."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from .problems import Unavailable

log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def every(seconds: float, work: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Run `work` at once and then every so many seconds, until the block ends."""

    async def repeat() -> None:
        while True:
            try:
                await work()
            except Unavailable as error:
                log.warning("%s: unavailable, trying again: %s", work.__qualname__, error)
            except Exception:
                log.exception("%s failed, trying again", work.__qualname__)
            await asyncio.sleep(seconds)

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
