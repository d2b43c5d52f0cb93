"""What a long load did to the answers' times: the second fifth of it next to the last. Pure.

The first fifth warms up.
"""

from .journal import Trip
from .stored import Seen
from .times import steps, summed_up

EARLY, LAST = (0.2, 0.4), (0.8, 1.0)
"""What is compared, as shares of the load."""


def of_answers(trips: list[Trip]) -> tuple[float, float]:
    """The p99 of answers, in milliseconds."""
    early, last = (
        summed_up(answer.ms for trip in part for answer in trip.answers)[2] for part in _parts(trips)
    )
    return early, last


def of_steps(trips: list[Trip], found: dict[str, Seen]) -> dict[str, tuple[list[float], list[float]]]:
    """The same for each kind of span, as a row of a table each; what became slowest comes first."""
    early, last = (
        steps(found[trip.trace_id] for trip in part if trip.trace_id in found) for part in _parts(trips)
    )
    both = {name: (early[name], last[name]) for name in early if name in last}
    return dict(sorted(both.items(), key=lambda one: one[1][0][2] - one[1][1][2]))


def _parts(trips: list[Trip]) -> list[list[Trip]]:
    began = min((trip.started for trip in trips), default=0.0)
    long = max((trip.ended for trip in trips), default=0.0) - began
    borders = [[began + share * long for share in part] for part in (EARLY, LAST)]
    return [[trip for trip in trips if first <= trip.started < last] for first, last in borders]
