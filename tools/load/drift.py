"""What a long load did to the answers' times: each fifth of it, and step by step the second next to the last.

Pure. The first fifth warms up.
"""

from .journal import Trip
from .stored import Seen
from .times import steps, summed_up

FIFTHS = 5
EARLY, LAST = 1, 4


def of_answers(trips: list[Trip]) -> list[float]:
    """The p99 of answers in each fifth, in milliseconds: two of them alone would hide a bad middle."""
    answers = ([answer.ms for trip in part for answer in trip.answers] for part in _parts(trips))
    return [summed_up(took)[2] for took in answers]


def of_steps(trips: list[Trip], found: dict[str, Seen]) -> dict[str, tuple[list[float], list[float]]]:
    """The same for each kind of span, as a row of a table each; what became slowest comes first."""
    parts = _parts(trips)
    early, last = (
        steps(found[trip.trace_id] for trip in parts[fifth] if trip.trace_id in found)
        for fifth in (EARLY, LAST)
    )
    both = {name: (early[name], last[name]) for name in early if name in last}
    return dict(sorted(both.items(), key=lambda one: one[1][0][2] - one[1][1][2]))


def _parts(trips: list[Trip]) -> list[list[Trip]]:
    began = min((trip.started for trip in trips), default=0.0)
    long = max((trip.ended for trip in trips), default=0.0) - began
    parts: list[list[Trip]] = [[] for _ in range(FIFTHS)]
    for trip in trips:
        parts[min(int(FIFTHS * (trip.started - began) / long), FIFTHS - 1) if long else 0].append(trip)
    return parts
