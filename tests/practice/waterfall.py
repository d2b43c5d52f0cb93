"""A trace as Jaeger shows it, as a picture: one bar per span, by time, and what stands on it."""

from collections.abc import Callable

from tools.drawing import GREY, INK, RED, picture, text
from tools.tracecheck import Span, Trace

Bar = tuple[int, str, str, float, float, bool, str]
"""Depth, service, name, start and length in milliseconds, red or not, a note."""
COLOURS = {"order": "#17b8be", "inventory": "#b7885e", "payment": "#5f6fb7"}
LEFT, WIDTH, STEP = 330, 420, 20


def bars(trace: Trace, note: Callable[[Span], str]) -> list[Bar]:
    """The spans of a connected trace, as a result can keep them."""
    root = trace.connected().roots[0]

    def bar(depth: int, span: Span) -> Bar:
        start = round((span.start - root.start) / 1e6, 1)
        return (depth, span.service, span.name, start, round(span.milliseconds, 1), span.error, note(span))

    return [bar(depth, span) for depth, span in trace.walk(root)]


def waterfall(rows: list[Bar]) -> str:
    """Return the picture."""
    end = max(start + length for _, _, _, start, length, _, _ in rows)
    shapes = [text(LEFT, 20, "0 ms", GREY), text(LEFT + WIDTH, 20, f"{end:.0f} ms", GREY, "end")]
    for n, (depth, service, name, start, length, red, note) in enumerate(rows):
        y, x, wide = 30 + STEP * n, LEFT + WIDTH * start / end, max(2.0, WIDTH * length / end)
        shapes += [
            text(12 + 12 * depth, y + 12, name, RED if red else INK),
            f'<rect x="{x:.1f}" y="{y + 2}" width="{wide:.1f}" height="12" fill="{COLOURS[service]}"/>',
            text(LEFT + WIDTH + 12, y + 12, note, RED if red else GREY),
        ]
    y = 30 + STEP * len(rows) + 16
    for n, (service, colour) in enumerate(COLOURS.items()):
        shapes += [
            f'<rect x="{LEFT + 110 * n}" y="{y - 10}" width="10" height="10" fill="{colour}"/>',
            text(LEFT + 16 + 110 * n, y, service, GREY),
        ]
    return picture(1160, y + 14, shapes)
