"""An open-loop flood of orders over plain sockets: cheap enough to offer far more than the shop can take."""

import asyncio
import contextlib
import json
import time
import uuid
from dataclasses import dataclass, field

from tests.support import new_order

from .driver import Answer

SKUS = ("lamp", "mug", "notebook", "pen", "backpack", "bottle")
BODIES = [json.dumps(new_order(sku)).encode() for sku in SKUS]
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Flood:
    """Sends `rate` orders a second, each with its own key, whatever the answers are; nobody tries again."""

    port: int
    rate: float
    seconds: float
    in_flight: int = 0
    most_in_flight: int = 0
    _idle: list[Connection] = field(default_factory=list)

    async def run(self) -> list[Answer]:
        """Return all answers, in the order of sending; status 0: none within 30 s."""
        began, sent = time.monotonic(), []
        async with asyncio.TaskGroup() as tasks:
            for number in range(int(self.rate * self.seconds)):
                await asyncio.sleep(began + number / self.rate - time.monotonic())
                sent.append(tasks.create_task(self._send()))
        await asyncio.gather(*map(_close, self._idle))
        return [task.result() for task in sent]

    async def _send(self) -> Answer:
        began = time.monotonic()
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            async with asyncio.timeout(30):
                status, headers, body = await self._answer()
        except (OSError, EOFError):  # a timeout is an OSError, too
            return Answer(0, time.monotonic() - began)
        finally:
            self.in_flight -= 1
        document = json.loads(body)
        order_id = document.get("id") or document.get("order_id")
        seconds = time.monotonic() - began
        return Answer(status, seconds, order_id, document.get("type", ""), headers.get("retry-after"))

    async def _answer(self) -> tuple[int, dict[str, str], bytes]:
        """Over a connection that was used before if there is one: the server may be ending it right now."""
        key = uuid.uuid4()
        while self._idle:
            connection = self._idle.pop()
            with contextlib.suppress(OSError, EOFError):
                return await self._exchange(connection, key)
            await _close(connection)
        return await self._exchange(await asyncio.open_connection("127.0.0.1", self.port), key)

    async def _exchange(self, connection: Connection, key: uuid.UUID) -> tuple[int, dict[str, str], bytes]:
        reader, writer = connection
        order = BODIES[key.int % len(BODIES)]
        lines = (
            "POST /orders HTTP/1.1",
            "host: shop",
            "content-type: application/json",
            f"idempotency-key: {key}",
            f"content-length: {len(order)}",
        )
        writer.write("\r\n".join((*lines, "", "")).encode() + order)
        first, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().strip().splitlines()
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        body = await reader.readexactly(int(headers["content-length"]))
        self._idle.append(connection)
        return int(first.split()[1]), headers, body


async def _close(connection: Connection) -> None:
    _, writer = connection
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
