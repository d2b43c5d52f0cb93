"""docs/price-of-tracing.md: what stands between two marks is made from the committed results."""

import re

from . import tables
from .drawn import drawn
from .figures import LEVERS_RESULT, PROFILE, RESULT, read

PAGE = RESULT.with_suffix(".md")
END = "<!-- end -->"


def made_text() -> dict[str, str]:
    """What stands between the marks, by their names."""
    result, levers = read(RESULT), read(LEVERS_RESULT)
    return {
        "table": tables.measured(result),
        "bars": tables.bars(result),
        "at the rate": tables.at_the_rate(result),
        "profile": tables.profile(read(PROFILE)),
        "levers": tables.levers(levers),
        "small levers": tables.small(levers),
        "set-ups": tables.set_ups(),
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
