"""What others on the same hardware take from this machine, and which slices are quiet enough to count."""

import math

import psutil

from .driver import Run

MOST_STOLEN = 0.02  # of the machine; a slice with more does not count


def stolen_seconds() -> float:
    """CPU time so far, of a core in the mean, that was wanted here and others had; 0 where nobody says."""
    return float(getattr(psutil.cpu_times(), "steal", 0.0)) / (psutil.cpu_count() or 1)


def quiet(slices: list[Run]) -> list[Run]:
    """Return those that others took hardly anything from, but at least half of all, the quietest.

    A disturbed one is not repeated: what has had more orders has more to look through.
    """
    ranked = sorted(slices, key=lambda run: run.stolen)
    enough = sum(run.stolen <= MOST_STOLEN for run in ranked)
    return ranked[: max(enough, math.ceil(len(ranked) / 2))]
