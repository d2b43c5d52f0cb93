"""The tables of docs/price-of-tracing.md, in Markdown."""

from statistics import median
from typing import Any

from tests.practice.pages import table
from tests.practice.variant import diff

from .figures import BARS, Result, added, cpu, ratios, times, twice
from .small import SMALL
from .text import with_spread
from .variants import LEVERS, VARIANTS, Lever, Variant

AT_THE_RATE = ("off again", "burn", "kept", "elsewhere", "memory", "dead", "tail", "100 %", "contrib")
HEAD = "set-up|CPU per order|added|: off|orders/s|p50 / p99 / slice|spans|bytes|behind|memory"
STEADY = ("p50", "p99", "p99_slice")


def measured(result: Result) -> str:
    """Each set-up: what it takes, how fast it is, what leaves it."""
    rows = [_row(result, variant) for variant in VARIANTS if variant.name in result["runs"]]
    made = result["made"]
    origin = f"{made['date']}, {made['machine']}; {made['versions']}"
    rate = _median(result["runs"]["off"], "rate")
    how = f"{len(result['runs']['off'])} rounds, p50 and p99 at {rate:.0f} orders a second (the middle round)"
    note = f"*{origin}; {how}. In brackets: the least and the most of the rounds.*"
    return table(HEAD.split("|"), *rows) + "\n\n" + note


def _row(result: Result, variant: Variant) -> list[str]:
    name, runs = variant.name, result["runs"][variant.name]
    weight = result["weights"].get(name, {})
    steady = "p50" in runs[0]
    return [
        f"**{name}**: {variant.says}",
        f"{median(cpu(result, name)):.2f} ms",
        "" if name == "off" else f"{added(result, name)[0]:+.2f} ms",
        "" if name == "off" else with_spread(times(result, name)),
        f"{_median(runs, 'saturation'):.0f}",
        " / ".join(f"{_median(runs, what):.0f}" for what in STEADY) + " ms" if steady else "",
        f"{weight['spans']:.1f}" if weight else "",
        f"{weight['bytes']:,.0f}" if weight else "",
        f"{_median(runs, 'pipeline_ms'):.2f} ms",
        f"{_median(runs, 'mebibytes'):.0f} MiB",
    ]


def bars(result: Result) -> str:
    """What we hold ourselves to, and whether the run is worth anything."""
    rows = [
        (name, f"{bar(result):.2f}", f"at most {most:.3g}", "yes" if bar(result) <= most else "**no**")
        for name, (bar, most) in BARS.items()
    ]
    control = with_spread(times(result, "off again"))
    return (
        table(("ratio", "measured", "bar", "holds"), *rows)
        + f"\n\nOff against off, the same twice: {control}."
        + _counted([run for runs in result["runs"].values() for run in runs if "slices" in run])
    )


def at_the_rate(result: Result) -> str:
    """What p99 is made of: from no tracing to all of it."""
    rows = [
        (name, *(with_spread(ratios(result, name, "off", what)) for what in ("cpu_ms", *STEADY)))
        for name in AT_THE_RATE
    ]
    return table((": off", "CPU", "p50", "p99", "middle slice's p99"), *rows)


def _counted(seen: list[Result]) -> str:
    slices, counted = (sum(run[what] for run in seen) for what in ("slices", "counted"))
    took = "those in which others on the same hardware took at most a fiftieth of this machine"
    return f" Of {slices} slices {counted} count: {took}." if slices else ""


def profile(result: Result) -> str:
    """Where an order's CPU goes."""
    set_ups = result["parts"]
    parts = list(set_ups["off"])
    rows = [(part, *(f"{seen[part]:.2f}" for seen in set_ups.values())) for part in parts]
    sums = ("**all**", *(f"**{sum(seen.values()):.2f}**" for seen in set_ups.values()))
    return table(("CPU milliseconds of an order", *set_ups), *rows, sums)


def levers(result: Result) -> str:
    """What makes the shop cheaper, each taken back alone."""
    rows = [_lever(result, lever) for lever in LEVERS if lever.without.name in result["runs"]]
    return table(
        ("the shop's way", "CPU per order the other way", "its way", "ratio", "slice, other : its", "kept"),
        *rows,
    )


def _lever(result: Result, lever: Lever) -> list[str]:
    without, base = lever.without.name, lever.base
    return [
        lever.says,
        f"{median(cpu(result, without)):.2f} ms",
        f"{median(twice(result, base, 'cpu_ms')):.2f} ms",
        with_spread(times(result, without, base)),
        "" if lever.without.slow else with_spread(ratios(result, without, base, "p99_slice")),
        lever.kept,
    ]


def small(result: Result) -> str:
    """What is too small for a comparison of whole shops."""
    rows = [
        (small.says, small.each, *(f"{us:,.1f} µs" for us in result["small"][small.says])) for small in SMALL
    ]
    return table(("the shop's way", "for each", "the other way", "its way"), *rows)


def set_ups() -> str:
    """The changes that make a set-up, as diffs."""
    parts = []
    for variant in VARIANTS:
        if variant.changes and variant.name != "off again":
            parts.append(f"**{variant.name}**: {variant.says}\n\n{diff(*variant.changes)}")
    return "\n\n".join(parts)


def _median(runs: list[dict[str, Any]], what: str) -> float:
    return float(median(run[what] for run in runs))
