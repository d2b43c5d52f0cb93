"""The few shapes that pictures of pages are made of: SVG by hand, light, no fonts or scripts from outside."""

from collections.abc import Iterable
from html import escape

INK, GREY, RED, GREEN = "#222222", "#777777", "#c0392b", "#2e7d32"
FONT = 'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12"'


def picture(width: int, height: int, shapes: Iterable[str]) -> str:
    """Return the whole picture."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {FONT}>',
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            *shapes,
            "</svg>\n",
        ]
    )


def text(
    x: float, y: float, words: str, colour: str = INK, anchor: str = "start", *, bold: bool = False
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x}" y="{y}" fill="{colour}" text-anchor="{anchor}"{weight}>{escape(words)}</text>'


def box(x: float, y: float, width: float, height: float, words: str, fill: str = "#eef3f7") -> str:
    """A rectangle with a word in its middle."""
    frame = f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4" fill="{fill}" stroke="{GREY}"/>'
    return frame + text(x + width / 2, y + height / 2 + 4, words, anchor="middle", bold=True)


def arrow(x1: float, y1: float, x2: float, y2: float, colour: str = GREY) -> str:
    """A line with a head; only ever drawn from left to right."""
    line = f'<path d="M{x1} {y1} L{x2} {y2}" stroke="{colour}" fill="none"/>'
    return line + f'<path d="M{x2} {y2} l-8 -4 v8 z" fill="{colour}"/>'
