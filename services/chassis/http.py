"""The HTTP client between services: one per dependency for the life of the process, bounded in time."""

import httpx


def client(base_url: str, *, timeout: float) -> httpx.AsyncClient:
    """Return a client whose every try ends within `timeout` seconds per phase (connect, send, receive)."""
    return httpx.AsyncClient(base_url=base_url, timeout=timeout)
