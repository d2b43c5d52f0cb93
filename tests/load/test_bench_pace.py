"""The rate of `make bench` is found with a shop that is not compared: all that are get the same orders."""

import contextlib
import os
import threading
from argparse import Namespace
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self, cast

from loadtest.bench.backend import Backend
from loadtest.bench.measure import WARM_UP
from loadtest.bench.rounds import one_round
from loadtest.bench.shop import Shop
from loadtest.bench.variants import ALL, VARIANTS, Variant

ASKED = Namespace(rate=0.0, orders=20, seconds=0.2)


class Answers(BaseHTTPRequestHandler):
    """Says 201 to every order, and counts them."""

    protocol_version = "HTTP/1.1"
    server: "Counting"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.server.orders += 1
        self.send_response_only(201)
        self.send_header("content-length", "0")
        self.end_headers()


class Counting(ThreadingHTTPServer):
    """Where clients come all at once: five may wait, as it comes."""

    request_queue_size = 64
    orders = 0


class CountingShop:
    """What a round needs of a Shop."""

    pids = (os.getpid(),)

    def __init__(self, variant: Variant) -> None:
        self.variant, self.server = variant, Counting(("127.0.0.1", 0), Answers)
        self.port = self.server.server_port

    @contextlib.contextmanager
    def open(self) -> Iterator[Self]:
        with self.server:
            thread = threading.Thread(target=self.server.serve_forever)
            thread.start()
            yield self
            self.server.shutdown()
            thread.join()

    def awake(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


class Nothing:
    """A backend without processes."""

    def pids(self, collector: str) -> list[int]:
        return []


def test_shops_compared_get_the_same_orders_and_the_one_that_sets_the_pace_gets_more() -> None:
    off, traced, pace = (CountingShop(variant) for variant in (VARIANTS[0], ALL, ALL))
    one_round(cast(list[Shop], [off, traced]), cast(Shop, pace), cast(Backend, Nothing()), "here", ASKED)
    assert off.server.orders == traced.server.orders > 0
    assert pace.server.orders == WARM_UP + ASKED.orders // 2
