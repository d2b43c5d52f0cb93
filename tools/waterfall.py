"""Draws a trace as a waterfall in SVG, as Jaeger does: `python -m tools.waterfall TRACE_ID FILE`."""

import sys
from html import escape
from pathlib import Path

from .jaeger import Jaeger
from .tracecheck import Span, Trace
from .urls import urls

COLOURS = {"order": "#17b8be", "inventory": "#5fb760", "payment": "#b7885e"}
WIDTH, NAMES, ROW = 960, 400, 24


def waterfall(trace: Trace) -> str:
    """Return the picture. Raises NotYet for a trace that is not connected."""
    (root,) = trace.connected().roots
    rows = list(trace.walk(root))
    first, last = root.start, max(span.end for span in trace.spans)
    height = ROW * (len(rows) + 1) + 8
    lines = [_row(n, depth, span, first, last) for n, (depth, span) in enumerate(rows)]
    total = f"{(last - first) / 1e6:.1f} ms"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12">',
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            f'<text x="{NAMES}" y="16" fill="#777">0 ms</text>',
            f'<text x="{WIDTH - 8}" y="16" fill="#777" text-anchor="end">{total}</text>',
            *lines,
            "</svg>\n",
        ]
    )


def _row(n: int, depth: int, span: Span, first: int, last: int) -> str:
    scale = (WIDTH - NAMES - 70) / (last - first)
    x, y = NAMES + (span.start - first) * scale, ROW * (n + 1)
    width = max(2.0, (span.end - span.start) * scale)
    colour = "#d9534f" if span.error else COLOURS.get(span.service, "#888888")
    stripe = f'<rect y="{y}" width="{WIDTH}" height="{ROW}" fill="#f6f6f6"/>' if n % 2 else ""
    return (
        f'{stripe}<rect x="{8 + depth * 14}" y="{y + 4}" width="3" height="16" fill="{colour}"/>'
        f'<text x="{16 + depth * 14}" y="{y + 16}" fill="#222">{escape(span.name)}'
        f'<tspan fill="#999"> {span.service}</tspan></text>'
        f'<rect x="{x:.1f}" y="{y + 6}" width="{width:.1f}" height="12" rx="2" fill="{colour}"/>'
        f'<text x="{x + width + 5:.1f}" y="{y + 16}" fill="#777">{span.milliseconds:.1f} ms</text>'
    )


if __name__ == "__main__":
    trace_id, file = sys.argv[1:]
    Path(file).write_text(waterfall(Jaeger(urls().jaeger).trace(trace_id)))
