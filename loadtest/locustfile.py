"""Load as customers make it, each trip a trace: `make load`, or `locust -f loadtest/locustfile.py`.

--shape, --rate, --think (or SHAPE=, RATE=, THINK=) stand on Locust's page too.
"""

import random
import signal
import time
from typing import Any

import gevent
import traced
from behaviours import Customer
from locust import events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.runners import WorkerRunner
from locust.user.task import LOCUST_STATE_STOPPING
from open_loop import WHOLE_TRIP, Stream
from shapes import SHAPES, ChosenShape

EVERY, NAP = 5, 0.2  # seconds between two lines of progress; of a nap


class Shopper(traced.TracedUser):
    """A closed loop: one thing after the other, with time to think in between."""

    def on_start(self) -> None:
        self.customer = Customer.arrives(self.client)

    def act(self) -> None:
        self.customer.does_something()
        think = self.environment.parsed_options.think
        self._think(random.uniform(think / 2, think * 2))

    def _think(self, seconds: float) -> None:
        """In short naps: who is told to leave leaves."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and self._state != LOCUST_STATE_STOPPING:
            gevent.sleep(min(left, NAP))


class Shape(ChosenShape):
    closed, opened = Shopper, Stream


@events.init_command_line_parser.add_listener
def _add_fields(parser: LocustArgumentParser) -> None:
    parser.add_argument("--shape", env_var="SHAPE", choices=SHAPES, default="constant", help="how many when")
    parser.add_argument("--rate", env_var="RATE", type=float, default=10.0, help="trips a second, if open")
    parser.add_argument("--think", env_var="THINK", type=float, default=1.0, help="seconds between two trips")


@events.init.add_listener
def _prepare(environment: Environment, **_: Any) -> None:
    traced.provider()
    if _speaks(environment):  # Locust listens to SIGTERM too, but without a page only once the shape is over
        gevent.signal_handler(signal.SIGTERM, environment.runner.quit)


@events.test_start.add_listener
def _say_how_it_goes(environment: Environment, **_: Any) -> None:
    if _speaks(environment):
        gevent.spawn(_progress, environment)


def _speaks(environment: Environment) -> bool:
    """Whether this process is the one with the terminal, and there is no page."""
    return environment.web_ui is None and not isinstance(environment.runner, WorkerRunner)


def _progress(environment: Environment) -> None:
    while True:
        gevent.sleep(EVERY)
        stats, runner = environment.stats, environment.runner
        if runner is None or runner.state in ("stopping", "stopped", "cleanup"):
            return
        asked = sum(one.num_requests for one in stats.entries.values() if one.method != WHOLE_TRIP)
        print(
            f"  {stats.last_request_timestamp - stats.start_time:4.0f} s, {runner.user_count} customers, "
            f"{asked} requests, {stats.num_failures} failed, "
            f"p99 {stats.total.get_response_time_percentile(0.99) or 0:.0f} ms",
            flush=True,
        )


@events.quit.add_listener
def _send_the_last_spans(**_: Any) -> None:
    """Not on `quitting`: then customers may still be inside, and their spans would come too late."""
    traced.finish()
