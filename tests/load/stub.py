"""A shop and a Collector that only answer, as cheaply as Python can: `python -m tests.load.stub [how]`.

Prints its port once it listens. How: `AT FOR`: AT seconds after its first request nobody gets an answer, for
FOR seconds, but for spans. `pending`: what is bought is pending until somebody has asked for it twice.
"""

import asyncio
import json
import sys
import time
import uuid
from collections import Counter
from typing import Any, ClassVar

STATUS = {b"unicorn": 409, b"pm_card_declined": 402, b"pm_card_insufficient": 402}


def _response(status: int, document: Any) -> bytes:
    body = json.dumps(document).encode()
    return b"HTTP/1.1 %d x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (
        status,
        len(body),
    ) + body  # fmt: skip


ORDER = {status: _response(status, {"id": "1", "status": "confirmed"}) for status in (200, 201, 402, 409)}
SPANS = _response(200, {})
STOCK = _response(200, {"items": [{"sku": "lamp", "available": 100_000}]})


class Shop(asyncio.Protocol):
    """A connection: one request after the other."""

    stall = (float("inf"), 0.0)
    first = 0.0  # when it was asked for the first time

    def connection_made(self, transport: Any) -> None:
        self._transport, self._received = transport, b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        _, _, length = head.lower().partition(b"content-length: ")
        if end and len(body) >= int(length.split(b"\r\n")[0] or 0):
            self._received = b""
            self._answer(STOCK if head.startswith(b"GET /stock") else _to(head, body), head)

    def _answer(self, response: bytes, head: bytes) -> None:
        now, (at, seconds) = time.monotonic(), self.stall
        Shop.first = Shop.first or now
        left = Shop.first + at + seconds - now
        if 0 < left < seconds and response != SPANS:
            asyncio.get_running_loop().call_later(left, self._transport.write, response)
        else:
            self._transport.write(response)


class SlowShop(Shop):
    """Says 202 to who buys, and `confirmed` when asked for the second time."""

    asked: ClassVar[Counter[bytes]] = Counter()

    def _answer(self, response: bytes, head: bytes) -> None:
        order_id = head.split()[1].removeprefix(b"/orders/")
        if response == ORDER[201] and b"idempotency-key" not in head.lower():
            response = _response(202, {"id": str(uuid.uuid4()), "status": "pending"})
        elif response == ORDER[200] and not self.asked[order_id]:
            response = _response(200, {"id": order_id.decode(), "status": "pending"})
        self.asked[order_id] += 1
        super()._answer(response, head)


def _to(head: bytes, body: bytes) -> bytes:
    if head.startswith(b"GET"):
        return ORDER[200]
    if head.startswith(b"POST /v1/traces"):
        return SPANS
    return ORDER[next((status for word, status in STATUS.items() if word in body), 201)]


async def _serve(shop: type[Shop]) -> None:
    server = await asyncio.get_running_loop().create_server(shop, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        Shop.stall = (float(sys.argv[1]), float(sys.argv[2]))
    asyncio.run(_serve(SlowShop if "pending" in sys.argv else Shop))
