"""The doctor's look at a service's clock: a busy server's `date` is late and right a moment later."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer

from tools.doctor import hops


@contextmanager
def server(*late: float) -> Iterator[str]:
    """Its `date` is so many seconds late, answer by answer, the last for all that follow."""
    left = list(late)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seconds = left.pop(0) if len(left) > 1 else left[0]
            self.send_response_only(200)
            self.send_header("date", formatdate(time.time() - seconds, usegmt=True))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: a line per request helps nobody."""

    with HTTPServer(("127.0.0.1", 0), Handler) as found:
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{found.server_port}/"
        finally:
            found.shutdown()
            thread.join()


def skew(url: str) -> float:
    answer = hops._ask(url)
    assert answer
    return abs(answer.skew)


def test_date_that_was_late_once_is_no_wrong_clock() -> None:
    with server(6, 0) as url:
        assert skew(url) <= hops.SKEW


def test_date_that_stays_late_is_a_wrong_clock() -> None:
    with server(60) as url:
        assert skew(url) > hops.SKEW
