"""An open loop: customers arrive at a rate, whether the shop has answered the ones before or not.

A closed loop waits for each answer, so a shop that stands still is asked less just then, and its stall shows
in a handful of answers. Real customers do not wait for each other. (Coordinated omission.)
"""

import time

import gevent
from behaviours import Customer
from gevent.pool import Group
from traced import TracedUser

AT_ONCE = 500
WHOLE_TRIP = "TRIP"  # what Locust counts beside requests


class Stream(TracedUser):
    """Stands for all customers a process lets in, at its share of --rate."""

    concurrency = AT_ONCE  # connections

    def on_start(self) -> None:
        options = self.environment.parsed_options
        self._rate = options.rate / (options.processes or 1)
        self._inside = Group()
        self._customer = Customer.arrives(self.client)
        self._began, self._number = time.perf_counter(), 0

    def act(self) -> None:
        due = self._began + self._number / self._rate
        self._number += 1
        gevent.sleep(max(0.0, due - time.perf_counter()))
        self._inside.spawn(self._serve, due)

    def on_stop(self) -> None:
        """Who is inside may finish; for whom that takes too long is put out, and says so in the journal."""
        self._inside.join(timeout=0.8 * (self.environment.stop_timeout or 0))
        self._inside.kill(timeout=1)

    def _serve(self, due: float) -> None:
        self._customer.does_something(late=1000 * (time.perf_counter() - due))
        self.environment.events.request.fire(
            request_type=WHOLE_TRIP,
            name="from the moment it was due",
            response_time=1000 * (time.perf_counter() - due),
            response_length=0,
            exception=None,
            context={},
        )
