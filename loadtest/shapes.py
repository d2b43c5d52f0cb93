"""How many customers there are, over time: SHAPE= constant, stepped, spike, soak. (open is another user.)"""

from locust import LoadTestShape

STEPS = 5
CALM = 0.2  # of the customers, before and after a spike


class _Timed(LoadTestShape):
    """Ends by itself after --run-time; as many customers as --users at most."""

    abstract = True
    use_common_options = True  # --users and --run-time, or what the page has in their places

    def tick(self) -> tuple[int, float] | None:
        options = self.runner.environment.parsed_options
        done = self.get_run_time() / options.run_time if options.run_time else 0.0
        if done >= 1:
            return None
        users = max(1, round(options.users * self.share(done)))
        return users, max(1.0, options.users / 2)

    def share(self, done: float) -> float:
        """Which share of the customers is there when this share of the time is over."""
        raise NotImplementedError


class Stepped(_Timed):
    """More and more, in equal steps: where does it get slow?"""

    def share(self, done: float) -> float:
        return (int(done * STEPS) + 1) / STEPS


class Spike(_Timed):
    """All of them for the fifth in the middle: does it come back?"""

    def share(self, done: float) -> float:
        return 1.0 if 0.4 <= done < 0.6 else CALM


SHAPES: dict[str, type[_Timed] | None] = {
    "constant": None,
    "soak": None,
    "stepped": Stepped,
    "spike": Spike,
    "open": None,
}
