"""Ask several things at once, or read a list that still grows, and never wait longer than said."""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def together(questions: Mapping[str, Callable[[], T]], seconds: float) -> dict[str, T]:
    """Return the answers that came in time; raise what a question raised.

    Threads are daemons: one that hangs keeps neither us nor the end of the process.
    """
    answers: dict[str, T] = {}
    raised: list[Exception] = []

    def ask(name: str, question: Callable[[], T]) -> None:
        try:
            answers[name] = question()
        except Exception as error:
            raised.append(error)

    threads = [threading.Thread(target=ask, args=pair, daemon=True) for pair in questions.items()]
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    if raised:
        raise raised[0]
    return dict(answers)


def within(seconds: float, question: Callable[[], Any]) -> Any:
    """Return the answer to one question, None when it did not come in time."""
    return together({"": question}, seconds).get("")


def until(deadline: float, items: Iterator[T]) -> Iterator[T]:
    """Yield what comes as it comes. Raises TimeoutError at the deadline, and what `items` raises."""
    arrived: queue.Queue[tuple[T | None, Exception | None]] = queue.Queue()

    def read() -> None:
        try:
            for item in items:
                arrived.put((item, None))
            arrived.put((None, None))
        except Exception as error:
            arrived.put((None, error))

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            item, error = arrived.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise TimeoutError from None
        if error:
            raise error
        if item is None:
            return
        yield item
