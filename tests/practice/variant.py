"""A wrong way as real code: a copy of the services with a few lines changed, and the change as a diff."""

import difflib
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.sink import SERVICES


@dataclass(frozen=True)
class Change:
    """In services/`file`, `old` (which stands there once) becomes `new`."""

    file: str
    old: str
    new: str


def changed(directory: Path, *changes: Change) -> Path:
    """Copy the services into the directory and change them. Raises LookupError where a place is gone."""
    copy = directory / "services"
    shutil.copytree(SERVICES, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for change in changes:
        text = (copy / change.file).read_text()
        if text.count(change.old) != 1:
            raise LookupError(f"services/{change.file} has no single place any more for {change.old!r}")
        (copy / change.file).write_text(text.replace(change.old, change.new))
    return copy


def diff(*changes: Change) -> str:
    """Return the changes as Markdown."""
    lines = []
    for n, change in enumerate(changes):
        if n == 0 or changes[n - 1].file != change.file:
            lines.append(f"# services/{change.file}")
        old, new = (text.strip("\n").splitlines() for text in (change.old, change.new))
        lines += [line.rstrip() for line in difflib.ndiff(old, new) if not line.startswith("?")]
    return "```diff\n" + "\n".join(lines) + "\n```"
