"""What was measured, as tables for a terminal."""

from statistics import median

from .figures import Result, Spread, added, cpu, ratios, times, twice
from .variants import LEVERS


def set_ups(result: Result) -> list[str]:
    """CPU of the services per order, by set-up; what it adds where both controls were run."""
    controls = {"off", "off again"} <= result["runs"].keys()
    lines = [f"{'CPU per order':18} {'ms':>6} {'added':>7} {'spans':>6} {'bytes':>7}  : off"]
    return lines + [_line(result, name, controls) for name in result["runs"]]


def _line(result: Result, name: str, controls: bool) -> str:
    weight = result["weights"].get(name, {"spans": 0, "bytes": 0})
    more = f"{added(result, name)[0]:+7.2f}" if controls else " " * 7
    ratio = with_spread(times(result, name)) if controls else ""
    weighed = f"{weight['spans']:6.1f} {weight['bytes']:7.0f}"
    return f"{name:18} {median(cpu(result, name)):6.2f} {more} {weighed}  {ratio}"


def levers(result: Result) -> list[str]:
    """CPU per order the other way and the shop's, and the ratios of CPU and of the middle slice's p99."""
    lines = []
    for lever in LEVERS:
        other, base = lever.without.name, lever.base
        if {other, base} <= result["runs"].keys():
            ratio = f"CPU {with_spread(times(result, other, base))}"
            if not lever.without.slow:
                ratio += f", p99 of a slice {with_spread(ratios(result, other, base, 'p99_slice'))}"
            with_it = median(twice(result, base, "cpu_ms"))
            lines += [
                f"{lever.says} ({lever.kept}):",
                f"    {median(cpu(result, other)):.2f} ms else, {with_it:.2f} ms so; {ratio}",
            ]
    lines += [
        f"{says}: {other:.1f} us else, {ours:.1f} so" for says, (other, ours) in result["small"].items()
    ]
    return lines


def with_spread(spread: Spread) -> str:
    """Return the median, in brackets the least and the most."""
    middle, least, most = spread
    return f"{middle:.2f} [{least:.2f}, {most:.2f}]"
