"""An open loop: customers arrive at a rate, whether the shop has answered the ones before or not.

A closed loop waits for each answer, so a shop that stands still is asked less just then, and its stall shows
in a handful of answers. Real customers do not wait for each other. (Coordinated omission.)
"""

import time

import gevent
from behaviours import Customer
from locust import task
from traced import TracedUser

AT_ONCE = 500


class Arrivals(TracedUser):
    """One of them stands for all customers; `rate` a second, counted from the moment each was due."""

    abstract = True
    concurrency = AT_ONCE  # connections
    rate = 1.0

    def on_start(self) -> None:
        self._customer = Customer.arrives(self.client)
        self._began, self._number = time.perf_counter(), 0

    @task
    def let_one_in(self) -> None:
        due = self._began + self._number / self.rate
        self._number += 1
        gevent.sleep(max(0.0, due - time.perf_counter()))
        gevent.spawn(self._serve, due)

    def _serve(self, due: float) -> None:
        self._customer.does_something()
        self.environment.events.request.fire(
            request_type="TRIP",
            name="from the moment it was due",
            response_time=1000 * (time.perf_counter() - due),
            response_length=0,
            exception=None,
            context={},
        )
