"""What waits to be delivered, oldest first: bounded in bytes, the oldest make room for what comes."""

import threading
from collections import deque


class Backlog:
    """A queue between one thread that puts bodies in and one that delivers them.

    `gone`: how many were never delivered; `size`: the bytes of those that wait.
    """

    def __init__(self, most: int) -> None:
        self.gone, self.size = 0, 0
        self._most, self._closed = most, False
        self._bodies: deque[bytes] = deque()
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return len(self._bodies)

    def __str__(self) -> str:
        return f"{len(self)} batches of {self.size / 2**20:.1f} MiB"

    def put(self, body: bytes) -> bool:
        """Return whether it had the room."""
        with self._changed:
            before = self.gone
            self._bodies.append(body)
            self.size += len(body)
            while self.size > self._most:
                self.size -= len(self._bodies.popleft())
                self.gone += 1
            self._changed.notify_all()
            return self.gone == before

    def oldest(self) -> bytes | None:
        """Wait for one, and leave it where it is. None once the backlog is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._bodies or self._closed)
            return self._bodies[0] if self._bodies else None

    def remove(self, body: bytes) -> None:
        """Take the oldest away: it was delivered. Nor is it lost if it had to make room meanwhile."""
        with self._changed:
            if self._bodies and self._bodies[0] is body:
                self.size -= len(self._bodies.popleft())
            else:
                self.gone -= 1
            self._changed.notify_all()

    def clear(self) -> None:
        with self._changed:
            self.gone += len(self._bodies)
            self._bodies.clear()
            self.size = 0
            self._changed.notify_all()

    def close(self) -> None:
        """Nothing comes any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def empty(self, seconds: float) -> bool:
        """Wait until nothing is left; False when there still is after so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._bodies, seconds)
