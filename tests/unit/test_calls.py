"""Calls between services: how often, for how long, and when not at all. And the limit of what is in work."""

import asyncio
import gc
import time
from collections.abc import Callable

import httpx
import pytest
import uvicorn
from chassis.connections import Traced
from chassis.http import KEEP_ALIVE, CircuitOpen, Dependency, NoAnswer
from chassis.limits import InFlightLimit
from chassis.settings import CallSettings
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

QUICK = CallSettings(try_timeout=0.2, step_timeout=0.5, breaker_seconds=1)


class Service:
    """Answers in turn with the statuses or errors given, then with 200; `slow` ones never end."""

    def __init__(self, *answers: int | Exception, headers: dict[str, str] | None = None) -> None:
        self.answers, self.headers = list(answers), headers
        self.resent: list[int] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.resent.append(request.extensions["resend_count"])
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        if answer == 0:
            await asyncio.sleep(60)
        return httpx.Response(answer, headers=self.headers)


def dependency(service: Service, settings: CallSettings = QUICK) -> Dependency:
    http = Traced(transport=httpx.MockTransport(service), base_url="http://service")
    return Dependency("service", http, settings)


@pytest.mark.parametrize("failure", [500, 503, httpx.ConnectError("x"), httpx.ReadTimeout("x")])
async def test_failed_try_is_repeated_and_says_so(failure: int | Exception) -> None:
    service = Service(failure)
    assert (await dependency(service).call("PUT", "/")).status_code == 200
    assert service.resent == [0, 1]


@pytest.mark.parametrize("status", [201, 402, 409, 422])
async def test_an_answer_is_an_answer(status: int) -> None:
    service = Service(status)
    assert (await dependency(service).call("PUT", "/")).status_code == status
    assert service.resent == [0]


async def test_calls_leave_nothing_for_the_garbage_collector() -> None:
    calls = dependency(Service())
    await calls.call("PUT", "/")
    before = _collected()
    for _ in range(50):
        await calls.call("PUT", "/")
    assert _collected() - before < 50


async def test_after_three_tries_it_is_unknown() -> None:
    service = Service(503, 503, 503)
    with pytest.raises(NoAnswer, match="http_503"):
        await dependency(service).call("PUT", "/")
    assert service.resent == [0, 1, 2]


async def test_a_step_ends_within_its_time_however_its_tries_hang() -> None:
    began = time.monotonic()
    with pytest.raises(NoAnswer):
        await dependency(Service(0, 0, 0)).call("PUT", "/")
    assert time.monotonic() - began < 0.8


async def test_who_asks_to_wait_is_waited_for() -> None:
    service, began = Service(503, headers={"Retry-After": "1"}), time.monotonic()
    settings = CallSettings(try_timeout=0.2, step_timeout=4)
    assert (await dependency(service, settings).call("PUT", "/")).status_code == 200
    assert 1 <= time.monotonic() - began < 1.5


async def test_five_failures_in_a_row_open_the_circuit_and_a_success_closes_it() -> None:
    service = Service(*[500] * 5)
    calls = dependency(service)
    for error in (NoAnswer, CircuitOpen, CircuitOpen):
        with pytest.raises(error):
            await calls.call("PUT", "/")
    assert (len(service.resent), calls.circuit) == (5, "open")
    await _until(lambda: calls.circuit == "half_open")
    await calls.call("PUT", "/")
    assert calls.circuit == "closed"


async def test_failures_between_successes_do_not_open_the_circuit() -> None:
    calls = dependency(Service(*[500, 200] * 10))
    for _ in range(10):
        await calls.call("PUT", "/")
    assert calls.circuit == "closed"


async def test_calls_cut_off_by_the_steps_end_open_the_circuit_too() -> None:
    calls = dependency(Service(*[0] * 9), CallSettings(try_timeout=9, step_timeout=0.05))
    for _ in range(5):
        with pytest.raises(NoAnswer, match="step_timeout"):
            await calls.call("PUT", "/")
    assert calls.circuit == "open"


def _collected() -> int:
    """Objects the garbage collector has found so far, because they held each other."""
    gc.collect()
    return int(sum(generation["collected"] for generation in gc.get_stats()))


async def _until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not look():  # noqa: ASYNC110 - a breaker has nobody to tell
            await asyncio.sleep(0.02)


async def test_full_service_refuses_at_once_and_health_is_still_answered() -> None:
    going, end = asyncio.Event(), asyncio.Event()

    async def work(scope: Scope, receive: Receive, send: Send) -> None:
        going.set()
        await end.wait() if scope["path"] == "/slow" else None
        await Response("done")(scope, receive, send)

    app = InFlightLimit(work, most=1, exempt=["/healthz"])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        first = asyncio.create_task(client.get("/slow"))
        await going.wait()
        refused, health = await client.get("/"), await client.get("/healthz")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert refused.json()["type"] == "/problems/unavailable"
        assert health.status_code == 200
        end.set()
        assert (await first).status_code == 200
        assert (await client.get("/")).status_code == 200


def test_idle_connection_is_given_up_well_before_the_service_closes_it() -> None:
    assert uvicorn.Config("main:app").timeout_keep_alive - 2 >= KEEP_ALIVE
