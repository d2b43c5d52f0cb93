"""docs/price-of-tracing.svg."""

from statistics import median

from tools.drawing import GREEN, GREY, INK, RED, picture, text

from .figures import Result, cpu

DRAWN = ("off", "1 %", "10 %", "100 %", "contrib")
WIDTH, LEFT, RIGHT, ROW = 760, 120, 90, 34


def drawn(result: Result) -> str:
    """CPU per order as bars: what the shop needs anyway, and what tracing adds."""
    base = median(cpu(result, "off"))
    most = max(median(cpu(result, name)) for name in DRAWN)
    scale = (WIDTH - LEFT - RIGHT) / most
    shapes = [text(16, 22, "CPU milliseconds of the three services per order", INK, bold=True)]
    for place, name in enumerate(DRAWN):
        y, value = 40 + place * ROW, median(cpu(result, name))
        colour = GREEN if name.endswith("%") else RED
        shapes += [
            text(LEFT - 10, y + 15, name, INK, "end"),
            f'<rect x="{LEFT}" y="{y}" width="{base * scale:.1f}" height="20" fill="{GREY}"/>',
            f'<rect x="{LEFT + base * scale:.1f}" y="{y}" width="{max(0.0, value - base) * scale:.1f}" '
            f'height="20" fill="{colour}"/>',
            text(round(LEFT + max(value, base) * scale + 8), y + 15, f"{value:.2f}", INK),
        ]
    return picture(WIDTH, 50 + ROW * len(DRAWN), shapes)
