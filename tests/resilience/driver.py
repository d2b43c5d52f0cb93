"""Many clients of the shop, each a good one: the same Idempotency-Key again until there is an answer."""

import asyncio
import random
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
from opentelemetry.instrumentation.utils import suppress_instrumentation

from tests.support import DECLINED, OK, new_order

FATES = {
    "good": ("confirmed", None),
    "declined": ("rejected", "payment-declined"),
    "sold out": ("rejected", "out-of-stock"),
}
SKUS = ("lamp", "mug", "notebook", "pen", "backpack", "bottle")  # a million of each
PATIENCE = 120.0
"""Seconds until a client gives up; a test fails then."""


@dataclass(frozen=True)
class Answer:
    """One answer to one request; status 0: there was none."""

    status: int
    seconds: float
    order_id: str | None = None
    problem: str = ""
    retry_after: str | None = None
    at: float = field(default_factory=time.monotonic)

    @property
    def is_final(self) -> bool:
        return not (self.status in (0, 503) or self.problem == "/problems/order-in-flight")


@dataclass
class Wanted:
    """One order somebody wants, how it is sent, and every answer to it."""

    kind: str
    body: dict[str, Any]
    copies: str = "one"  # "at once": sent twice at the same time; "later": once more after the answer
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    answers: list[Answer] = field(default_factory=list)

    @property
    def acknowledged(self) -> set[str]:
        """Ids a client saw as confirmed."""
        return {answer.order_id for answer in self.answers if answer.status == 201 and answer.order_id}


def orders(count: int, dice: random.Random, *, duplicated: float = 0.0) -> list[Wanted]:
    """A mix of good (80 %), declined and sold-out orders, a share of them sent twice."""
    return [_order(dice, duplicated) for _ in range(count)]


def _order(dice: random.Random, duplicated: float) -> Wanted:
    kind = dice.choices(list(FATES), (80, 10, 10))[0]
    lines = [{"sku": sku, "quantity": dice.randint(1, 3)} for sku in dice.sample(SKUS, dice.randint(1, 2))]
    if kind == "sold out":  # behind lines that can be held, so that there is something to undo
        lines.append({"sku": "unicorn", "quantity": 1})
    copies = dice.choice(("at once", "later")) if dice.random() < duplicated else "one"
    return Wanted(kind, new_order(lines=lines, method=DECLINED if kind == "declined" else OK), copies)


class Driver:
    """Sends orders with at most so many clients at a time, at most `rate` new ones a second."""

    def __init__(self, url: str, *, clients: int = 16, rate: float = 1000.0) -> None:
        self._url, self._clients, self._rate = url, clients, rate
        self.in_flight = 0
        self.answered = 0
        self.statuses: Counter[int] = Counter()

    async def place(self, wanted: list[Wanted]) -> None:
        """Return when every order has a final answer. Raises AssertionError when a client gives up."""
        self._began, self._spoke = time.monotonic(), 0.0
        self._slots = asyncio.Semaphore(self._clients)
        self._open = asyncio.Semaphore(4 * self._clients)  # one that waits to try again needs no client
        limits = httpx.Limits(max_connections=self._clients, keepalive_expiry=2.0)
        with suppress_instrumentation():  # these clients are no part of the shop
            async with (
                httpx.AsyncClient(base_url=self._url, limits=limits, timeout=20, trust_env=False) as http,
                asyncio.TaskGroup() as tasks,
            ):
                for number, each in enumerate(wanted):
                    await asyncio.sleep(self._began + number / self._rate - time.monotonic())
                    await self._open.acquire()
                    tasks.create_task(self._place(http, each, len(wanted)))
        self.seconds = time.monotonic() - self._began

    async def _place(self, http: httpx.AsyncClient, wanted: Wanted, of: int) -> None:
        both = 2 if wanted.copies == "at once" else 1
        await asyncio.gather(*(self._until_answered(http, wanted) for _ in range(both)))
        if wanted.copies == "later":
            await self._until_answered(http, wanted)
        self._open.release()
        self.answered += 1
        self._progress(of)

    async def _until_answered(self, http: httpx.AsyncClient, wanted: Wanted) -> None:
        deadline = time.monotonic() + PATIENCE
        for pause in _backoff():
            async with self._slots:
                answer = await self._post(http, wanted)
            wanted.answers.append(answer)
            self.statuses[answer.status] += 1
            if answer.is_final:
                return
            assert time.monotonic() < deadline, f"no answer for {PATIENCE} s: {wanted}"
            await asyncio.sleep(max(pause, float(answer.retry_after or 0)))

    async def _post(self, http: httpx.AsyncClient, wanted: Wanted) -> Answer:
        began = time.monotonic()
        self.in_flight += 1
        try:
            answer = await http.post("/orders", json=wanted.body, headers={"idempotency-key": wanted.key})
        except httpx.HTTPError:
            return Answer(0, time.monotonic() - began)
        finally:
            self.in_flight -= 1
        return answer_of(answer, time.monotonic() - began)

    def _progress(self, of: int) -> None:
        seconds = time.monotonic() - self._began
        if seconds - self._spoke >= 5 or self.answered == of:
            self._spoke = seconds
            statuses = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
            print(f"  {seconds:4.0f} s, {self.answered} of {of} orders answered; {statuses}", flush=True)


def answer_of(answer: httpx.Response, seconds: float) -> Answer:
    """What of an answer is kept."""
    body = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    return Answer(
        answer.status_code,
        seconds,
        body.get("id") or body.get("order_id"),
        body.get("type", ""),
        answer.headers.get("retry-after"),
    )


def _backoff() -> Iterator[float]:
    """Seconds to wait: full jitter under a cap that doubles up to one second."""
    cap = 0.05
    while True:
        yield random.uniform(0, cap)
        cap = min(1.0, 2 * cap)
