"""A server that answers every connection with something that is no HTTP."""

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Self


class Babbler:
    """Listens on a port of this machine until the block ends; `says` makes each answer."""

    def __init__(self, port: int, says: Callable[[], str]) -> None:
        self._says = says
        self._listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes `accept`, which close alone does not
        self._thread.join(5)
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line = self._listener.accept()[0]
                with line, contextlib.suppress(OSError):
                    line.recv(65536)
                    line.sendall(f"HTTP/1.1 {self._says()}\r\n\r\n".encode())
