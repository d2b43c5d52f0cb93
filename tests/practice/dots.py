"""Kept versus dropped as a picture: one square per order, row by row."""

from html import escape

COLOURS = {"k": "#17b8be", "t": "#d9534f", "d": "#e4e4e4"}
MEANING = {"k": "kept whole", "t": "torn: spans are missing", "d": "dropped"}
ACROSS, CELL, WIDTH, TITLE = 60, 12, 760, 22


def dots(rows: list[tuple[str, str]]) -> str:
    """Return the picture. A row: its title, and a letter per order: k, t or d."""
    lines, y = [], 40
    for title, fates in rows:
        lines.append(f'<text x="16" y="{y + 12}" fill="#222">{escape(title)}</text>')
        lines += [_squares(fates, letter, y + TITLE) for letter in COLOURS if letter in fates]
        y += TITLE + CELL * -(-len(fates) // ACROSS) + 14
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" '
            'font-family="system-ui, sans-serif" font-size="13">',
            f'<rect width="{WIDTH}" height="{y}" fill="#ffffff"/>',
            *_legend({fate for _, fates in rows for fate in fates}),
            *lines,
            "</svg>\n",
        ]
    )


def _squares(fates: str, letter: str, top: int) -> str:
    """All squares of one colour as one path."""
    places = [n for n, fate in enumerate(fates) if fate == letter]
    corners = [f"M{16 + n % ACROSS * CELL} {top + n // ACROSS * CELL}" for n in places]
    square = f"h{CELL - 2}v{CELL - 2}h-{CELL - 2}z"
    return f'<path fill="{COLOURS[letter]}" d="{square.join([*corners, ""])}"/>'


def _legend(used: set[str]) -> list[str]:
    lines, x = [], 16
    for fate in (fate for fate in COLOURS if fate in used):
        lines.append(f'<rect x="{x}" y="13" width="10" height="10" fill="{COLOURS[fate]}"/>')
        lines.append(f'<text x="{x + 16}" y="23" fill="#555">{MEANING[fate]}</text>')
        x += 30 + 7 * len(MEANING[fate])
    return lines
