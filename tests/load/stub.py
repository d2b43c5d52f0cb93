"""A shop and a Collector that only answer, as cheaply as Python can: `python -m tests.load.stub AT FOR`.

Prints its port once it listens. AT seconds after its first request, if given, nobody gets an answer for FOR
seconds, but for spans.
"""

import asyncio
import json
import sys
import time
from typing import Any

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
            self._answer(STOCK if head.startswith(b"GET /stock") else _to(head, body))

    def _answer(self, response: bytes) -> None:
        now, (at, seconds) = time.monotonic(), self.stall
        Shop.first = Shop.first or now
        left = Shop.first + at + seconds - now
        if 0 < left < seconds and response != SPANS:
            asyncio.get_running_loop().call_later(left, self._transport.write, response)
        else:
            self._transport.write(response)


def _to(head: bytes, body: bytes) -> bytes:
    if head.startswith(b"GET"):
        return ORDER[200]
    if head.startswith(b"POST /v1/traces"):
        return SPANS
    return ORDER[next((status for word, status in STATUS.items() if word in body), 201)]


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Shop, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        Shop.stall = (float(sys.argv[1]), float(sys.argv[2]))
    asyncio.run(_serve())
