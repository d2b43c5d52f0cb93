"""From runs to ratios, paired within a round. Pure."""

import json
from collections.abc import Callable
from pathlib import Path
from statistics import fmean, median
from typing import Any

RESULT = Path(__file__).parents[2] / "docs" / "price-of-tracing.json"
LEVERS_RESULT = RESULT.with_name("price-of-levers.json")
PROFILE = RESULT.with_name("price-profile.json")
AGAIN = " again"
"""Ends the name of what is the same once more: what differs between the two is chance."""
Result = dict[str, Any]
Spread = tuple[float, float, float]
"""Median, least, most over the rounds."""


def read(file: Path) -> Result:
    """Return what was measured."""
    found: Result = json.loads(file.read_text())
    return found


def ratios(result: Result, name: str, base: str, what: str) -> Spread:
    """`what` of one set-up by that of another of the same round."""
    found = _by_round(result, name, what)
    against = _by_round(result, base, what) if name == base + AGAIN else twice(result, base, what)
    return _spread(a / b for a, b in zip(found, against, strict=True))


def twice(result: Result, name: str, what: str) -> list[float]:
    """`what` of a set-up in each round: the mean of both where it was measured once more.

    Until 2026-11-28 one of them also set the pace (`pace`), and had more orders to look through than the
    others: then it is the other alone.
    """
    names = {name, name + AGAIN} & result["runs"].keys() - {result.get("pace")}
    both = [_by_round(result, each, what) for each in names]
    return [fmean(seen) for seen in zip(*both, strict=True)]


def cpu(result: Result, name: str) -> list[float]:
    """CPU milliseconds per order in each round."""
    return _by_round(result, name, "cpu_ms")


def times(result: Result, name: str, base: str = "off") -> Spread:
    """CPU of an order against that of the base."""
    return ratios(result, name, base, "cpu_ms")


def added(result: Result, name: str) -> Spread:
    """CPU milliseconds that a set-up adds to an order without tracing."""
    base = twice(result, "off", "cpu_ms")
    return _spread(a - b for a, b in zip(cpu(result, name), base, strict=True))


def _by_round(result: Result, name: str, what: str) -> list[float]:
    return [run[what] for run in result["runs"][name]]


def share(result: Result, name: str, of: str) -> float:
    """What one set-up adds, as a share of what another adds; of the medians: single rounds are too rough."""
    return added(result, name)[0] / added(result, of)[0]


def _spread(values: Any) -> Spread:
    values = sorted(values)
    return median(values), values[0], values[-1]


BARS: dict[str, tuple[Callable[[Result], float], float]] = {
    "CPU added at 100 % : added by contrib": (lambda r: share(r, "100 %", "contrib"), 0.7),
    "CPU added at 1 % : at 100 %": (lambda r: share(r, "1 %", "100 %"), 0.25),
    "CPU at 100 % : off": (lambda r: times(r, "100 %")[0], 1.6),
    "p99 at 100 % : off": (lambda r: ratios(r, "100 %", "off", "p99")[0], 1.5),
    "the same, Collector and Jaeger elsewhere": (lambda r: ratios(r, "elsewhere", "off", "p99")[0], 1.5),
    "CPU at 100 % : textbook": (lambda r: times(r, "100 %", "textbook")[0], 1 / 8),
}


def trouble(result: Result) -> list[str]:
    """Which bars are missed; above all whether the run is worth anything."""
    control = times(result, "off again")[0]
    found = [] if 0.9 <= control <= 1.1 else [f"off against off is {control:.2f}: this machine was not quiet"]
    found += [
        f"{name} is {bar(result):.2f}, more than {most:.3g}"
        for name, (bar, most) in BARS.items()
        if bar(result) > most
    ]
    failed = sum(run["failed"] for runs in result["runs"].values() for run in runs)
    return found + ([f"{failed} orders were not confirmed"] if failed else [])
