"""The pictures of a load's report: latency and requests over time, and where the traces went."""

from ..curves import curves
from ..drawing import GREY, picture, text
from .report import Report
from .times import Second

WIDTH, HEIGHT, LEFT = 760, 66, 16
COLOURS = ("#17b8be", "#b7885e", "#d9534f", "#8e44ad", "#e67e22", "#7f8c8d", "#c0392b", "#34495e")


def latency(report: Report) -> str:
    """Milliseconds over time; dots for unexpected answers, grey where the Collector was away."""
    seen = [second for second in _seconds(report) if second.p99 is not None]
    lines = {
        "99 %": [(float(one.second), max(1.0, one.p99 or 0)) for one in seen],
        "half": [(float(one.second), max(1.0, one.p50 or 0)) for one in seen],
    }
    failed = [(float(one.second), max(1.0, one.p99 or 0)) for one in seen if one.failed]
    return curves(
        lines,
        "seconds",
        "milliseconds as the client saw them",
        logarithmic=True,
        marks=failed,
        bands=_away(report),
    )


def requests(report: Report) -> str:
    lines = {"requests": [(float(one.second), float(one.requests)) for one in _seconds(report)]}
    failed = [(float(one.second), float(one.failed)) for one in _seconds(report) if one.failed]
    return curves(lines, "seconds", "requests a second", marks=failed, bands=_away(report))


def _seconds(report: Report) -> list[Second]:
    """Without the last one, which is no whole one and would look like a fall."""
    return report.timeline[:-1] or report.timeline


def _away(report: Report) -> list[tuple[float, float]]:
    return [(begin, begin + seconds) for begin, seconds in report.away]


def where_traces_went(report: Report) -> str:
    """One bar of all trips, and what its parts are."""
    of = report.fates
    parts = {"whole": of.whole, "not sampled": len(report.trips) - report.cut_off - of.sampled}
    parts |= {cause: len(ids) for cause, ids in of.lost.items()}
    parts |= {"not read back": of.sampled - of.read, "cut off": report.cut_off}
    shapes, x, words = [], float(LEFT), float(LEFT)
    for (name, count), colour in zip(((n, c) for n, c in parts.items() if c), COLOURS, strict=False):
        width = (WIDTH - 2 * LEFT) * count / max(1, len(report.trips))
        shapes.append(f'<rect x="{x:.1f}" y="8" width="{max(2, width):.1f}" height="22" fill="{colour}"/>')
        shapes.append(f'<rect x="{words:.1f}" y="40" width="10" height="10" fill="{colour}"/>')
        title = f"{name} {count}"
        shapes.append(text(words + 15, 50, title, GREY))
        x, words = x + width, words + 30 + 7.4 * len(title)
    return picture(WIDTH, HEIGHT, shapes)
