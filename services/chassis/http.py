"""Calls between services: bounded in time, tried again, and not made at all while the other one is down.

A call may arrive more than once, so every endpoint called here answers a repetition with the same result.
"""

import asyncio

import httpx
from circuitbreaker import CircuitBreaker
from fastapi import FastAPI
from opentelemetry import trace
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    retry_if_not_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from .connections import Connections, ToOurs, Traced
from .settings import CallSettings
from .telemetry import trace_calls, untraced

# Full jitter: a random time up to 0.1 s, then up to 0.2 s, … so that callers do not come back all at once.
BACKOFF = wait_random_exponential(multiplier=0.1, max=1.0)
# Seconds. uvicorn by itself closes what is idle for 5: who sends just then gets no answer, and a red span.
KEEP_ALIVE = 2.0

CIRCUIT_STATES = ("closed", "open", "half_open")


class NoAnswer(Exception):
    """No answer to rely on: the call may have worked or not. `why` is a short constant for error.type."""

    def __init__(self, why: str, *, wait: float = 0.0) -> None:
        super().__init__(why)
        self.why, self.wait = why, wait


class CircuitOpen(NoAnswer):
    """Nothing was sent: the last calls all failed, and the next one is due in a moment only."""


WORTH_A_RETRY = retry_if_exception_type(NoAnswer) & retry_if_not_exception_type(CircuitOpen)


class Dependency:
    """Another service: one client and one circuit breaker for the life of the process."""

    def __init__(self, name: str, http: httpx.AsyncClient, settings: CallSettings) -> None:
        self.name, self._http, self._settings = name, http, settings
        self._url = str(http.base_url).removesuffix("/")  # whole at once: httpx parses each part and the sum
        self._stop = stop_after_attempt(settings.tries)
        self._breaker = CircuitBreaker(
            failure_threshold=settings.breaker_failures,
            recovery_timeout=settings.breaker_seconds,
            expected_exception=(NoAnswer, asyncio.CancelledError),  # cancelled: it was too slow
            name=name,
        )

    @property
    def circuit(self) -> str:
        """`closed`: calls are made; `open`: none; `half_open`: the next one decides."""
        return str(self._breaker.state)

    async def call(self, method: str, path: str, json: object = None) -> httpx.Response:
        """Return the answer, its status below 500. Raises NoAnswer after the last try, or CircuitOpen."""
        step = trace.get_current_span()
        step.set_attribute("shop.circuit.state", self.circuit)
        tries = AsyncRetrying(stop=self._stop, wait=_wait, retry=WORTH_A_RETRY, reraise=True)
        try:
            async with asyncio.timeout(self._settings.step_timeout):
                async for attempt in tries:
                    with attempt:
                        resent = attempt.retry_state.attempt_number - 1
                        return await self._try(method, path, json, resent)
        except TimeoutError as error:
            raise NoAnswer("step_timeout") from error
        finally:
            vars(tries).clear()  # it and its state hold each other: else the garbage collector has to come
        raise AssertionError("tenacity ends with a result or an error")

    async def _try(self, method: str, path: str, json: object, resent: int) -> httpx.Response:
        if self._breaker.opened:
            raise CircuitOpen("circuit_open")
        with self._breaker:
            try:
                # For an answer that dribbles in. The client's own timeout comes first: its span is red then.
                async with asyncio.timeout(1.2 * self._settings.try_timeout):
                    answer = await self._http.request(
                        method, self._url + path, json=json, extensions={"resend_count": resent}
                    )
            except (httpx.HTTPError, TimeoutError) as error:
                raise NoAnswer(type(error).__name__) from error
            if answer.status_code >= 500:
                raise NoAnswer(f"http_{answer.status_code}", wait=_asked_to_wait(answer))
            return answer

    async def ready(self) -> bool:
        """Ask its /readyz; leaves no span."""
        with untraced():
            try:
                return (await self._http.get("/readyz")).status_code == 200
            except httpx.HTTPError:
                return False


def client(base_url: str, settings: CallSettings, *, ours: bool = False) -> httpx.AsyncClient:
    """Return the client of one dependency; the timeout here is per phase (connect, send, receive).

    `ours`: it is a service of ours, so baggage goes along. Without it nobody gets more than a trace id.
    """
    limits = httpx.Limits(keepalive_expiry=KEEP_ALIVE)
    if not ours:
        return Traced(base_url=base_url, timeout=settings.try_timeout, limits=limits)
    to_ours = ToOurs(base_url=base_url, timeout=settings.try_timeout, transport=Connections(limits=limits))
    trace_calls(to_ours)
    return to_ours


def inside(app: FastAPI) -> httpx.AsyncClient:
    """Return a client that calls this process's own app, without a socket."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://order:8000")


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return BACKOFF(state) + (error.wait if isinstance(error, NoAnswer) else 0.0)


def _asked_to_wait(answer: httpx.Response) -> float:
    """`Retry-After` in seconds: who is busy says when to come back. At most one second of it fits a step."""
    seconds = answer.headers.get("retry-after", "")
    return min(float(seconds), 1.0) if seconds.isdecimal() else 0.0
