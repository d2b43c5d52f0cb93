"""The fault flags: where they are switched, how, and `make faults`, the table of what is on."""

import fcntl
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.table import Table

from deploy.native.ports import ROOT, settings
from deploy.native.programs import environment

from .draw import console
from .mode import ModeError, mode, say

DEFINITIONS = ROOT / "deploy" / "faults" / "flags.json"
IN_COMPOSE = ROOT / "deploy" / "faults" / "active.json"
Flag = dict[str, Any]
Flags = dict[str, Flag]


def definitions() -> Flags:
    """Return every flag as committed: off."""
    flags: Flags = json.loads(DEFINITIONS.read_text())["flags"]
    return flags


def active_file() -> Path:
    """Return the file the running services read. Raises ModeError."""
    return IN_COMPOSE if mode() == "compose" else Path(environment(settings())["FAULTS_FILE"])


def load(file: Path) -> Flags:
    """Return every flag as switched in `file`; what it doesn't know, or is broken, is off."""
    try:
        switched = json.loads(file.read_text())["flags"]
        kept = {name: (switched[name]["defaultVariant"], seats(switched[name])) for name in switched}
    except (OSError, ValueError, LookupError, TypeError):
        kept = {}
    flags = definitions()
    for name, (default, targets) in kept.items():
        if name in flags and {default, *targets.values()} <= set(flags[name]["variants"]):
            switch(flags[name], default)
            for seat, variant in targets.items():
                switch(flags[name], variant, seat)
    return flags


def seats(flag: Flag) -> dict[str, str]:
    """Return the variant of every seat the flag is switched for."""
    rule = flag.get("targeting", {}).get("if", [])
    return {
        seat: variant for test, variant in zip(rule[::2], rule[1::2], strict=True) for seat in test["in"][1]
    }


def switch(flag: Flag, variant: str, seat: str | None = None) -> None:
    """Give the flag this variant: for one seat, or for everybody, which forgets the seats."""
    targets = seats(flag) | {seat: variant} if seat else {}
    if not seat:
        flag["defaultVariant"] = variant
    rule: list[Any] = []
    for each in sorted(set(targets.values()) - {flag["defaultVariant"]}):
        rule += [{"in": [{"var": "seat"}, sorted(s for s in targets if targets[s] == each)]}, each]
    flag.pop("targeting", None)
    if rule:
        flag["targeting"] = {"if": rule}


@contextmanager
def switching(file: Path) -> Iterator[Flags]:
    """Yield the flags and write them back in one step, a second call of this meanwhile kept waiting."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with (file.parent / ".faults-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        flags = load(file)
        yield flags
        descriptor, new = tempfile.mkstemp(dir=file.parent, prefix=".faults-")
        with os.fdopen(descriptor, "w") as out:
            json.dump({"flags": flags}, out, indent=2)
        os.chmod(new, 0o644)  # a service in a container is another user
        os.replace(new, file)


def state(flag: Flag) -> str:
    """Say for whom the flag is on."""
    everybody = flag["defaultVariant"]
    says = [] if everybody == "off" else [f"{everybody} ({shown(flag, everybody)})"]
    says += [f"{seat}: {variant} ({shown(flag, variant)})" for seat, variant in seats(flag).items()]
    return ", ".join(says) or "off"


def shown(flag: Flag, variant: str) -> str:
    """Return the value of a variant as JSON has it."""
    return json.dumps(flag["variants"][variant])


def main() -> int:
    try:
        flags = load(active_file())
    except ModeError as error:
        say(str(error))
        return 1
    table = Table(box=None)
    table.add_column("fault", no_wrap=True)
    for column in ("now", "scope", "what it does"):
        table.add_column(column)
    for name, flag in flags.items():
        style = "" if state(flag) == "off" else "bold red"
        table.add_row(name, state(flag), flag["metadata"]["scope"], flag["metadata"]["does"], style=style)
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
