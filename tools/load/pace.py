"""How fast the machine itself is while a load runs: one piece of work that never changes, timed by its CPU.

A core's neighbours, other guests of the host among them, slow it, and nobody is told. What became slower by
as much as this did is no drift of the shop's.
"""

import time
from statistics import median

WORK = 20_000
"""Numbers to write down: two to five milliseconds of CPU, less than a hundredth of a core twice a second."""


class Pace:
    """`look` now and then; `early_ms` and `last_ms` are the CPU of one piece of work, in the median."""

    def __init__(self) -> None:
        self._took: list[float] = []

    def look(self) -> None:
        began = time.thread_time()
        {str(number): number for number in range(WORK)}
        self._took.append(1000 * (time.thread_time() - began))

    def document(self) -> dict[str, float]:
        return pace(self._took)


def pace(took: list[float]) -> dict[str, float]:
    """The medians of the second fifth and of the last; nothing for less than five looks."""
    if len(took) < 5:
        return {}
    long = len(took) // 5
    early, last = took[long : 2 * long], took[-long:]
    return {"early_ms": round(median(early), 2), "last_ms": round(median(last), 2)}
