"""One way to reach MongoDB: the client, its readiness check, and a driver error turned into `Unavailable`."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pymongo.errors import ConnectionFailure, ExecutionTimeout, PyMongoError
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from . import faults
from .problems import Unavailable
from .settings import Settings
from .telemetry import untraced
from .unsampled import spared

Document = dict[str, Any]
Database = AsyncIOMotorDatabase[Document]


@asynccontextmanager
async def database(name: str, settings: Settings) -> AsyncIterator[Database]:
    """Yield the service's own database; writes are acknowledged from the journal. Connects at first use."""
    milliseconds = int(settings.mongodb_timeout * 1000)
    client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
        settings.mongodb_url,
        appname=name,
        journal=True,
        tz_aware=True,
        serverSelectionTimeoutMS=milliseconds,
        connectTimeoutMS=milliseconds,
        socketTimeoutMS=2 * milliseconds,
        event_listeners=[_Slow()],
    )
    try:
        yield client[name]
    finally:
        with untraced():
            client.close()


@contextmanager
def reachable() -> Iterator[None]:
    """Turn «MongoDB does not answer» into `Unavailable`; any other driver error stays what it is."""
    try:
        with spared():
            yield
    except (ConnectionFailure, ExecutionTimeout) as error:
        raise Unavailable(type(error).__name__) from error


async def ping(db: Database) -> str | None:
    """Return None when MongoDB answers, else what is wrong; leaves no span."""
    with untraced():
        try:
            await db.command("ping")
        except PyMongoError as error:
            return f"MongoDB does not answer ({type(error).__name__})"
    return None


class _Slow(CommandListener):
    """The fault of a slow MongoDB. It comes after the instrumentor's listener, so the span has the wait."""

    def started(self, event: CommandStartedEvent) -> None:
        """Wait in motor's thread, with the context of the request: the event loop goes on."""
        faults.block("mongo-slow")

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing to do."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing to do."""
