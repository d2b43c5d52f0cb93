"""A TCP wire between order and another service that a test can cut, or that loses answers."""

import asyncio
import re
import threading
from contextlib import suppress

HEAD = re.compile(rb"[A-Z]+ \S+ HTTP/1\.1\r\n(?:[^\r\n]+\r\n)+")


class Wire:
    """Forwards connections from `port` to `target` on 127.0.0.1, except those a test asked to break.

    `heard`: with `keep`, what came from the caller, one entry per connection.
    """

    def __init__(self, port: int, target: int, *, keep: bool = False) -> None:
        self.port, self._target, self.keep = port, target, keep
        self.heard: list[bytearray] = []
        self._cut = self._deaf = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def cut(self, times: int = 1_000_000) -> None:
        """Break every connection, and the next so many as soon as they come."""
        self._set(cut=times, deaf=0)

    def lose_answers(self, times: int = 1_000_000) -> None:
        """Break every connection; over the next so many, requests go through and answers don't."""
        self._set(cut=0, deaf=times)

    def mend(self) -> None:
        """Forward everything again."""
        self._set(cut=0, deaf=0)

    def heads(self) -> list[str]:
        """Request lines and headers of all calls so far."""
        return [head.decode("latin-1") for heard in self.heard for head in HEAD.findall(bytes(heard))]

    def _set(self, *, cut: int, deaf: int) -> None:
        done = threading.Event()

        def on_loop() -> None:
            self._cut, self._deaf = cut, deaf
            for writer in self._open:
                writer.transport.abort()
            self._open.clear()
            done.set()

        self._loop.call_soon_threadsafe(on_loop)
        assert done.wait(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", self.port))
        self._loop.run_forever()
        server.close()
        for writer in self._open:
            writer.transport.abort()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.wait(tasks, timeout=2) if tasks else asyncio.sleep(0))
        self._loop.run_until_complete(
            asyncio.sleep(0)
        )  # aborted transports close their sockets one round later
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut:
            self._cut -= 1
            writer.transport.abort()
            return
        deaf, self._deaf = self._deaf > 0, max(0, self._deaf - 1)
        self._open.add(writer)
        with suppress(OSError, asyncio.CancelledError):
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
            self._open.add(back)
            heard = bytearray() if self.keep else None
            if heard is not None:
                self.heard.append(heard)
            await asyncio.gather(_pump(reader, back, heard), _pump(there, None if deaf else writer))


async def _pump(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter | None, heard: bytearray | None = None
) -> None:
    with suppress(OSError):
        while data := await source.read(65536):
            if heard is not None:
                heard += data
            if sink:
                sink.write(data)
                await sink.drain()
    if sink:
        sink.close()
