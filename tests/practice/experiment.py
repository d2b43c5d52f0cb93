"""What an experiment of `make practice` is: it measures, its claims are checked, and a page quotes it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.machine import machine, versions

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "practice"
Result = dict[str, Any]
"""Plain JSON: what was seen, in numbers and short words."""


@dataclass(frozen=True)
class Experiment:
    """One measurement. `run(full)` is short unless full; `check` raises AssertionError for a false claim.

    `text` is the Markdown between the marks of its name in docs/practice/<page>.md, `pictures` the SVG files
    beside that page by name. Both see the committed result only, so a page never says what was not measured.
    `fast`: short enough, when not full, for `make test`.
    """

    name: str
    page: str
    run: Callable[[bool], Result]
    check: Callable[[Result], None]
    text: Callable[[Result], str]
    pictures: Callable[[Result], dict[str, str]] = lambda _: {}
    fast: bool = True

    @property
    def file(self) -> Path:
        return PAGES / "results" / f"{self.name}.json"

    def committed(self) -> Result:
        """Return the result the page quotes."""
        found: Result = json.loads(self.file.read_text())
        return found["result"]  # type: ignore[no-any-return]

    def keep(self, result: Result, seconds: float) -> None:
        """Write the result with what it was measured on."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        kept = {"made": made(), "seconds": round(seconds), "result": result}
        self.file.write_text(json.dumps(kept, indent=1) + "\n")


def made(**others: str) -> dict[str, str]:
    """When and on what: date, machine, versions; `others` instead of what this process has."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine(),
        "versions": ", ".join(f"{name} {version}" for name, version in (versions() | others).items()),
    }
