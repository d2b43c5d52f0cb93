"""A server that takes connections and never says a word: worse than one that is away."""

import contextlib
import socket
import threading
from typing import Self


class Hanging:
    """Listens on a port of this machine until the block ends; `connections` it has taken."""

    def __init__(self, port: int) -> None:
        self.connections: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes `accept`, which close alone does not
        self._thread.join(5)
        for one in (self._listener, *self.connections):
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.connections.append(self._listener.accept()[0])
