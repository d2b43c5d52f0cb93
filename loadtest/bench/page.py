"""docs/price-of-tracing.md: what stands between two marks is made from the committed results."""

import re
from statistics import median
from typing import Any

from tests.practice.pages import table
from tests.practice.variant import diff

from .drawn import drawn
from .figures import BARS, LEVERS_RESULT, PROFILE, RESULT, Result, added, cpu, ratios, read, times, twice
from .small import SMALL
from .text import with_spread
from .variants import LEVERS, VARIANTS, Lever, Variant

PAGE = RESULT.with_suffix(".md")
END = "<!-- end -->"
BEHIND = ("100 %", "memory", "elsewhere", "tail", "contrib", "off again")
STEADY = ("p50", "p99", "p99_slice")


def made_text() -> dict[str, str]:
    """What stands between the marks, by their names."""
    result, levers = read(RESULT), read(LEVERS_RESULT)
    return {
        "table": _table(result),
        "bars": _bars(result),
        "profile": _profile(read(PROFILE)),
        "levers": _levers(levers),
        "small levers": _small(levers),
        "set-ups": _set_ups(),
    }


def page() -> str:
    """Return the page as it has to be. Raises LookupError where a part has no place in it."""
    page = PAGE.read_text()
    for name, part in made_text().items():
        mark = f"<!-- made by make bench: {name} -->"
        found = re.search(rf"{re.escape(mark)}.*?{END}", page, re.DOTALL)
        if not found:
            raise LookupError(f"{PAGE.name} has no place for {name}")
        page = page[: found.start()] + f"{mark}\n\n{part}\n\n{END}" + page[found.end() :]
    return page


def write() -> None:
    """Bring page and picture up to date with the committed results."""
    PAGE.write_text(page())
    PAGE.with_suffix(".svg").write_text(drawn(read(RESULT)))


def _table(result: Result) -> str:
    rows = [_row(result, variant) for variant in VARIANTS if variant.name in result["runs"]]
    head = (
        "set-up",
        "CPU per order",
        "added",
        ": off",
        "orders/s",
        "p50 / p99 / slice",
        "spans",
        "bytes",
        "behind",
        "memory",
    )
    made = result["made"]
    origin = f"{made['date']}, {made['machine']}; {made['versions']}"
    rate = _median(result["runs"]["off"], "rate")
    how = f"{len(result['runs']['off'])} rounds, p50 and p99 at {rate:.0f} orders a second (the middle round)"
    note = f"*{origin}; {how}. In brackets: the least and the most of the rounds.*"
    return table(head, *rows) + "\n\n" + note


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


def _bars(result: Result) -> str:
    rows = [
        (name, f"{bar(result):.2f}", f"at most {most:.3g}", "yes" if bar(result) <= most else "**no**")
        for name, (bar, most) in BARS.items()
    ]
    control = with_spread(times(result, "off again"))
    control += f"; of its p99 {with_spread(ratios(result, 'off again', 'off', 'p99'))}"
    by_slice = (f"{name} {with_spread(ratios(result, name, 'off', 'p99_slice'))}" for name in BEHIND)
    return (
        table(("ratio", "measured", "bar", "holds"), *rows)
        + f"\n\nOff against off, the same twice: {control}."
        + f" p99 of the middle slice against off: {', '.join(by_slice)}."
        + _counted([run for runs in result["runs"].values() for run in runs if "slices" in run])
    )


def _counted(seen: list[Result]) -> str:
    slices, counted = (sum(run[what] for run in seen) for what in ("slices", "counted"))
    took = "in the rest others on the same hardware took more than a fiftieth of this machine"
    return f" Of {slices} slices {counted} count; {took}." if slices else ""


def _profile(result: Result) -> str:
    set_ups = result["parts"]
    parts = list(set_ups["off"])
    rows = [(part, *(f"{seen[part]:.2f}" for seen in set_ups.values())) for part in parts]
    sums = ("**all**", *(f"**{sum(seen.values()):.2f}**" for seen in set_ups.values()))
    return table(("CPU milliseconds of an order", *set_ups), *rows, sums)


def _levers(result: Result) -> str:
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


def _small(result: Result) -> str:
    rows = [
        (small.says, small.each, *(f"{us:,.1f} µs" for us in result["small"][small.says])) for small in SMALL
    ]
    return table(("the shop's way", "for each", "the other way", "its way"), *rows)


def _set_ups() -> str:
    parts = []
    for variant in VARIANTS:
        if variant.changes and variant.name != "off again":
            parts.append(f"**{variant.name}**: {variant.says}\n\n{diff(*variant.changes)}")
    return "\n\n".join(parts)


def _median(runs: list[dict[str, Any]], what: str) -> float:
    return float(median(run[what] for run in runs))
