"""One way to reach MongoDB: the client, its readiness check, and a driver error turned into `Unavailable`."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pymongo.errors import ConnectionFailure, ExecutionTimeout, PyMongoError

from .problems import Unavailable
from .settings import Settings
from .telemetry import untraced

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
