"""`make status`: what runs, where, and is it healthy. Ends 1 when something is not."""

import sys

from rich.table import Table

from deploy.native import native

from .draw import console
from .mode import ModeError, compose, mode, say


def main() -> int:
    try:
        if mode() == "compose":
            return compose("ps")
        rows = native.status()
    except (ModeError, native.StackError) as error:
        say(str(error))
        return 1
    if all(row.state in ("DOWN", "EXTERNAL") for row in rows):
        console.print("Nothing runs here; `make up` starts it.")
        return 1
    table = Table("program", "state", "pid", "answers at", "health", box=None)
    for row in rows:
        health = "[green]healthy[/]" if row.healthy else "[red]not ready[/]"
        table.add_row(row.name, row.state, str(row.pid or "-"), row.url, health)
    console.print(table)
    return 0 if all(row.healthy for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
