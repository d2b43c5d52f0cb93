"""Orders over plain sockets: a client so cheap that on two cores it hardly takes from what is measured."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

SKUS = ("lamp", "mug", "notebook", "pen", "backpack", "bottle", "headphones", "keyboard", "chair")
BODIES = [
    json.dumps(
        {
            "customer_id": "customer-9",
            "lines": [{"sku": sku, "quantity": 1}],
            "payment_method": "pm_card_ok",
        }
    ).encode()
    for sku in SKUS
]
HEAD = b"POST /orders HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\n"
PATIENCE = 20.0
KEEP_ALIVE = 2.0  # seconds; uvicorn closes what is idle for five


@dataclass
class Connection:
    """One keep-alive connection to the order service."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used: float = 0.0

    @classmethod
    async def open(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def order(self, number: int) -> int:
        """Place an order, return its status."""
        body = BODIES[number % len(BODIES)]
        self.writer.write(HEAD + b"content-length: %d\r\n\r\n" % len(body) + body)
        answer = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = int(answer.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await self.reader.readexactly(length)
        self.used = time.perf_counter()
        return int(answer.split(maxsplit=2)[1])

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


@dataclass
class Run:
    """What a load saw: milliseconds of each order, and how many were not confirmed."""

    seconds: float = 0.0
    milliseconds: list[float] = field(default_factory=list)
    failed: int = 0
    stolen: float = 0.0  # the share of the machine that others on the same hardware took meanwhile

    def __iadd__(self, other: Self) -> Self:
        self.seconds += other.seconds
        self.milliseconds += other.milliseconds
        self.failed += other.failed
        return self

    def percentile(self, share: float) -> float:
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def closed_loop(port: int, clients: int, orders: int) -> Run:
    """So many clients, each with one order after the other: how much the shop can take."""

    async def load(run: Run) -> None:
        numbers = iter(range(orders))

        async def client() -> None:
            connection = await Connection.open(port)
            for number in numbers:
                await _timed(run, time.perf_counter(), lambda n=number: connection.order(n))  # type: ignore[misc]
            await connection.close()

        await asyncio.gather(*(client() for _ in range(clients)))

    return _run(load)


def open_loop(port: int, rate: float, seconds: float) -> Run:
    """An order every 1/rate seconds, whatever became of those before; timed from the moment it was due."""

    async def load(run: Run) -> None:
        idle: list[Connection] = []
        began = time.perf_counter()

        async def one(number: int, due: float) -> None:
            while idle and time.perf_counter() - idle[0].used > KEEP_ALIVE:
                await idle.pop(0).close()
            connection = idle.pop() if idle else await Connection.open(port)
            await _timed(run, due, lambda: connection.order(number))
            idle.append(connection)

        async with asyncio.TaskGroup() as tasks:
            for number in range(int(rate * seconds)):
                due = began + number / rate
                await asyncio.sleep(due - time.perf_counter())
                tasks.create_task(one(number, due))
        await asyncio.gather(*(connection.close() for connection in idle))

    return _run(load)


async def _timed(run: Run, due: float, order: Callable[[], Awaitable[int]]) -> None:
    async with asyncio.timeout(PATIENCE):
        status = await order()
    run.milliseconds.append(1000 * (time.perf_counter() - due))
    run.failed += status != 201


def _run(load: Callable[[Run], Awaitable[None]]) -> Run:
    async def timed() -> Run:
        run, began = Run(), time.perf_counter()
        await load(run)
        run.seconds = time.perf_counter() - began
        return run

    return asyncio.run(timed())
