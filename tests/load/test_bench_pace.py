"""Who gets which orders in a round of `make bench`, and when: what is compared is treated alike."""

import contextlib
import os
import threading
from argparse import Namespace
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self, cast

from loadtest.bench.backend import Backend
from loadtest.bench.measure import FEWEST, WARM_UP
from loadtest.bench.rounds import one_round
from loadtest.bench.shop import Shop
from loadtest.bench.variants import ALL, VARIANTS, Variant

ASKED = Namespace(rate=0.0, orders=20, seconds=0.2)
SLOW = next(variant for variant in VARIANTS if variant.slow)


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
    running = 0  # shops, and the most there were at a time
    most = 0

    def __init__(self, variant: Variant) -> None:
        self.variant, self.server = variant, Counting(("127.0.0.1", 0), Answers)
        self.port = self.server.server_port

    @contextlib.contextmanager
    def open(self) -> Iterator[Self]:
        with self.server:
            thread = threading.Thread(target=self.server.serve_forever)
            thread.start()
            CountingShop.running += 1
            CountingShop.most = max(CountingShop.most, CountingShop.running)
            yield self
            CountingShop.running -= 1
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
    _round(off, traced, pace=pace)
    assert off.server.orders == traced.server.orders > 0
    assert pace.server.orders == WARM_UP + ASKED.orders // 2


def test_slow_set_up_takes_its_turns_beside_the_others_and_is_spared_the_rate() -> None:
    CountingShop.most = 0
    off, slow, pace = (CountingShop(variant) for variant in (VARIANTS[0], SLOW, ALL))
    _round(off, slow, pace=pace)
    assert CountingShop.most == 3
    assert slow.server.orders == WARM_UP // 10 + FEWEST // 2 + FEWEST  # half as many lead into its turn


def _round(*shops: CountingShop, pace: CountingShop) -> None:
    one_round(cast(list[Shop], shops), cast(Shop, pace), cast(Backend, Nothing()), "here", ASKED)
