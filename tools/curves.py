"""Curves as a picture: lines over common axes, each with its name at its end."""

from html import escape
from math import log10

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 340, 76, 190, 40, 46
COLOURS = ("#17b8be", "#d9534f", "#b7885e", "#5f6fb7", "#5fb760")
Points = list[tuple[float, float]]


def curves(
    lines: dict[str, Points],
    across: str,
    up: str,
    *,
    logarithmic: bool = False,
    marks: Points | None = None,
    bands: Points | None = None,
) -> str:
    """Return the picture; `across` and `up` say what the axes are. Logarithmic: values from 1 up.

    `marks` are single points to be seen, `bands` stretches of the axis across, from and to, in grey.
    """
    most_x = max(x for points in lines.values() for x, _ in points) or 1.0
    floor, top = _ends([y for points in lines.values() for _, y in points], logarithmic)

    def place(x: float, y: float) -> tuple[float, float]:
        share = log10(y / floor) / log10(top / floor) if logarithmic else y / top
        return LEFT + x / most_x * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    ticks = _powers(floor, top) if logarithmic else [top * n / 4.2 for n in range(5)]
    parts = [_band(*(place(min(x, most_x), floor)[0] for x in band)) for band in bands or []]
    parts += [_across(place(0, tick)[1], tick) for tick in ticks]
    parts += [_below(place(most_x * n / 4, floor)[0], most_x * n / 4) for n in range(5)]
    for (name, points), colour in zip(lines.items(), COLOURS, strict=False):
        parts.append(_line(name, [place(x, y) for x, y in points], colour))
    parts += [_mark(*place(x, y)) for x, y in marks or []]
    return _picture(across, up, parts)


def _picture(across: str, up: str, parts: list[str]) -> str:
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            'font-family="system-ui, sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
            f'<text x="16" y="22" fill="#222" font-size="13">{escape(up)}</text>',
            f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" fill="#555" text-anchor="middle">'
            f"{escape(across)}</text>",
            *parts,
            "</svg>\n",
        ]
    )


def _ends(values: list[float], logarithmic: bool) -> tuple[float, float]:
    """Where the axis up begins and ends."""
    if logarithmic:
        return _power(min(values), up=False), _power(max(values) * 1.01, up=True)
    return 0.0, (max(values) or 1.0) * 1.05


def _power(value: float, *, up: bool) -> float:
    power = 1.0
    while power < value:
        power *= 10
    return power if up or power == value else power / 10


def _powers(floor: float, top: float) -> list[float]:
    found = [floor]
    while found[-1] < top:
        found.append(found[-1] * 10)
    return found


def _across(y: float, value: float) -> str:
    return (
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e4e4e4"/>'
        f'<text x="{LEFT - 8}" y="{y + 4:.1f}" fill="#777" text-anchor="end">{value:,.0f}</text>'
    )


def _below(x: float, value: float) -> str:
    return (
        f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" fill="#777" text-anchor="middle">{value:,.0f}</text>'
    )


def _line(name: str, points: Points, colour: str) -> str:
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return (
        f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="2.5"/>'
        f'<text x="{x + 8:.1f}" y="{y + 4:.1f}" fill="{colour}">{escape(name)}</text>'
    )


def _band(begin: float, end: float) -> str:
    height = HEIGHT - TOP - BOTTOM
    return f'<rect x="{begin:.1f}" y="{TOP}" width="{end - begin:.1f}" height="{height}" fill="#eeeeee"/>'


def _mark(x: float, y: float) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#222222"/>'
