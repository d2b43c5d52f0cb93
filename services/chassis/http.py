"""The HTTP client between services: one per dependency for the life of the process, bounded in time."""

import httpx
from fastapi import FastAPI

from .telemetry import untraced


def client(base_url: str, *, timeout: float) -> httpx.AsyncClient:
    """Return a client whose every try ends within `timeout` seconds per phase (connect, send, receive)."""
    return httpx.AsyncClient(base_url=base_url, timeout=timeout)


def inside(app: FastAPI) -> httpx.AsyncClient:
    """Return a client that calls this process's own app, without a socket."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://order:8000")


async def is_ready(http: httpx.AsyncClient) -> bool:
    """Ask a service's /readyz; leaves no span."""
    with untraced():
        try:
            return (await http.get("/readyz")).status_code == 200
        except httpx.HTTPError:
            return False
