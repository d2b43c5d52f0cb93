"""Load as customers make it, each trip a trace: `make load`, or `locust -f loadtest/locustfile.py`.

SHAPE=constant|stepped|spike|soak|open, with RATE= trips a second for the last one; THINK= seconds between two
trips of a customer, 0 for none.
"""

import os
import sys
from typing import Any

import gevent
import traced
from behaviours import Customer
from locust import between, events, task
from locust.env import Environment
from locust.runners import WorkerRunner
from open_loop import Arrivals
from shapes import SHAPES

SHAPE, RATE = os.environ.get("SHAPE", "constant"), float(os.environ.get("RATE", "10"))
WORKERS = int(os.environ.get("WORKERS", "1"))
THINK = float(os.environ.get("THINK", "1"))
EVERY = 5  # seconds between two lines of progress
if SHAPE not in SHAPES:
    sys.exit(f"There is no SHAPE={SHAPE}. There are {', '.join(SHAPES)}.")


class Shopper(traced.TracedUser):
    """A closed loop: one thing after the other, with time to think in between."""

    abstract = SHAPE == "open"
    wait_time = between(THINK / 2, THINK * 2)

    def on_start(self) -> None:
        self.customer = Customer.arrives(self.client)

    @task
    def do_something(self) -> None:
        self.customer.does_something()


class Stream(Arrivals):
    """An open loop."""

    abstract = SHAPE != "open"
    fixed_count = WORKERS
    rate = RATE / WORKERS


if SHAPES[SHAPE]:

    class Shape(SHAPES[SHAPE]):  # type: ignore[misc] - Locust takes the shape it finds in this file
        abstract = False


@events.init.add_listener
def _prepare(**_: Any) -> None:
    traced.provider()


@events.test_start.add_listener
def _say_how_it_goes(environment: Environment, **_: Any) -> None:
    if environment.web_ui is None and not isinstance(environment.runner, WorkerRunner):
        gevent.spawn(_progress, environment)


def _progress(environment: Environment) -> None:
    while True:
        gevent.sleep(EVERY)
        total, runner = environment.stats.total, environment.runner
        if runner is None or runner.state in ("stopping", "stopped", "cleanup"):
            return
        print(
            f"  {total.last_request_timestamp - total.start_time:4.0f} s, {runner.user_count} customers, "
            f"{total.num_requests} requests, {total.num_failures} failed, p99 "
            f"{total.get_response_time_percentile(0.99) or 0:.0f} ms",
            flush=True,
        )


@events.quitting.add_listener
def _send_the_last_spans(**_: Any) -> None:
    traced.provider().shutdown()
