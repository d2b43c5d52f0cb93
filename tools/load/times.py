"""What everything took: as the client saw it, as the spans say, the difference, and over time. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from .journal import Trip
from .stored import Seen

Table = dict[str, list[float]]
"""By name: how many, then milliseconds of half, of 99 in a hundred, and of the longest."""


@dataclass(frozen=True)
class Second:
    """One second of the load, by when requests were sent; `ms` is None where none was."""

    second: int
    requests: int
    failed: int
    p50: float | None
    p99: float | None


def summed_up(values: Iterable[float]) -> list[float]:
    ordered = sorted(values)
    if not ordered:
        return [0, 0.0, 0.0, 0.0]
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.99, 1)]
    return [len(ordered), *(round(value, 1) for value in at)]


def client(trips: list[Trip]) -> Table:
    return _table((answer.name, answer.ms) for trip in trips for answer in trip.answers)


def steps(found: Iterable[Seen]) -> Table:
    return _table((name, ms) for one in found for name, values in one.steps.items() for ms in values)


def difference(trips: list[Trip], found: dict[str, Seen]) -> Table:
    """Client time minus the time of the service's span: connection, queue, and Locust itself."""
    pairs = []
    for trip in trips:
        served = found[trip.trace_id].served if trip.trace_id in found else []
        if len(served) == len(trip.answers) and found[trip.trace_id].whole:
            pairs += [(a.name, a.ms - ms) for a, ms in zip(trip.answers, served, strict=True)]
    return _table(pairs)


def _table(pairs: Iterable[tuple[str, float]]) -> Table:
    by: dict[str, list[float]] = defaultdict(list)
    for name, value in pairs:
        by[name].append(value)
    return {name: summed_up(values) for name, values in sorted(by.items())}


def seconds(trips: list[Trip]) -> list[Second]:
    """The load second by second. A trip with an unexpected answer counts as failed where its last one is."""
    began = min((trip.started for trip in trips), default=0.0)
    took: dict[int, list[float]] = defaultdict(list)
    wrong: dict[int, int] = defaultdict(int)
    for trip in trips:
        for answer in trip.answers:
            took[int(answer.sent - began)].append(answer.ms)
        if trip.wrong and trip.answers:
            wrong[int(trip.answers[-1].sent - began)] += len(trip.wrong)
    return [_second(n, took.get(n, []), wrong[n]) for n in range(max(took, default=-1) + 1)]


def _second(number: int, took: list[float], wrong: int) -> Second:
    _, half, most, _ = summed_up(took)
    return Second(number, len(took), wrong, half if took else None, most if took else None)
