"""The pages of docs/practice: what stands between two marks is made from a committed result."""

import json
import re
from collections.abc import Iterable

from .experiment import PAGES, Experiment

MARK = "<!-- made by make practice ONLY={name} -->"
END = "<!-- end -->"


def block(experiment: Experiment) -> str:
    """Return what stands in the page, marks included."""
    made = json.loads(experiment.file.read_text())["made"]
    origin = f"*{made['date']}, {made['machine']}; {made['versions']}.*"
    text = experiment.text(experiment.committed()).strip()
    return f"{MARK.format(name=experiment.name)}\n\n{text}\n\n{origin}\n\n{END}"


def page(name: str, experiments: Iterable[Experiment]) -> str:
    """Return the page as it has to be. Raises LookupError where an experiment has no place in it."""
    text = (PAGES / f"{name}.md").read_text()
    for experiment in experiments:
        mark = re.escape(MARK.format(name=experiment.name))
        found = re.search(rf"{mark}.*?{END}", text, re.DOTALL)
        if not found:
            raise LookupError(f"docs/practice/{name}.md has no place for {experiment.name}")
        text = text[: found.start()] + block(experiment) + text[found.end() :]
    return text


def write(experiments: Iterable[Experiment]) -> None:
    """Bring pages and pictures up to date with the committed results."""
    experiments = list(experiments)
    for name in {experiment.page for experiment in experiments}:
        these = [experiment for experiment in experiments if experiment.page == name]
        (PAGES / f"{name}.md").write_text(page(name, these))
        for experiment in these:
            for file, svg in experiment.pictures(experiment.committed()).items():
                (PAGES / file).write_text(svg)


def table(*rows: Iterable[object]) -> str:
    """Return rows as a Markdown table, the first one its head."""
    head, *body = [" | ".join(str(cell) for cell in row) for row in rows]
    line = " | ".join("---" for _ in head.split(" | "))
    return "\n".join(f"| {row} |" for row in (head, line, *body))
