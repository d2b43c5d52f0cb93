"""How many customers there are, over time, and whether they wait for answers (all but `open` do)."""

from collections.abc import Callable

from locust import LoadTestShape, User

CALM = 0.2  # of the customers, before and after a spike
SHARES: dict[str, Callable[[float], float]] = {
    "constant": lambda done: 1.0,
    "soak": lambda done: 1.0,  # constant, for long
    "stepped": lambda done: (int(done * 5) + 1) / 5,  # where does it get slow?
    "spike": lambda done: 1.0 if 0.4 <= done < 0.6 else CALM,  # does it come back?
}
"""Which share of the customers is there when this share of the time is over."""
SHAPES = (*SHARES, "open")


class ChosenShape(LoadTestShape):
    """The shape of --shape, for --run-time; without one it stays as it begins."""

    abstract = True
    use_common_options = True  # --users and --run-time, or what the page has in their places
    closed: type[User]
    opened: type[User]

    def tick(self) -> tuple[int, float, list[type[User]] | None] | None:
        options = self.runner.environment.parsed_options
        done = self.get_run_time() / options.run_time if options.run_time else 0.0
        if done >= 1:
            return None
        if options.shape == "open":
            streams = options.processes or 1
            return streams, streams, [self.opened]
        most = options.num_users or 1
        return max(1, round(most * SHARES[options.shape](done))), max(1.0, most / 2), [self.closed]
