"""make doctor: why do no traces arrive? Asks every hop, follows one order of its own, names the fix.

Ends 0 when all is well, 1 when there is something to fix, 2 when it can't check.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict

from rich.markup import escape

from ..draw import console
from ..mode import ModeError
from ..tracecheck import CannotCheck
from .bounded import until
from .faults import Finding, ill, table
from .hops import ask_all, judge
from .order import follow
from .system import SERVICES, look

SECONDS = 28.0
HARMLESS = "clock-skew"  # with it an order can still be followed


def diagnose() -> Iterator[Finding]:
    """Yield what each hop says, in the order a span travels; end where it makes no sense to go on."""
    system = look()
    answers, blocked = ask_all(system), False
    for finding in judge(system, answers):
        blocked |= finding.fault not in ("", HARMLESS)
        yield finding
    if not blocked:
        services = {name: (answers[name].document or {})["traces"] for name in SERVICES}
        yield from follow(system, services)


def findings() -> Iterator[Finding]:
    """As `diagnose`, but it ends in time whatever hangs."""
    last = "the settings"
    try:
        for finding in until(time.monotonic() + SECONDS, diagnose()):
            last = finding.hop
            yield finding
    except TimeoutError:
        yield ill("gave-up", f"what comes after {last}", seconds=SECONDS)


def show(finding: Finding) -> None:
    mark = "[green]✓[/]" if finding.ok else "[red]✗[/]"
    console.print(f"{mark} [bold]{escape(finding.hop)}[/] {escape(finding.says)}", soft_wrap=True)
    if finding.fix:
        console.print(f"    → {escape(finding.fix)}", soft_wrap=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="make doctor", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="a list of {hop, ok, says, fix, fault}")
    parser.add_argument(
        "--table", action="store_true", help="every fault it knows, as docs/doctor.md has them"
    )
    wanted = parser.parse_args()
    if wanted.table:
        print(table())
        return 0
    found = list[Finding]()
    try:
        for finding in findings():
            found.append(finding)
            if not wanted.json:
                show(finding)
    except (CannotCheck, ModeError) as problem:
        print(f"Cannot check: {problem}", file=sys.stderr)
        return 2
    ill_ones = sum(not finding.ok for finding in found)
    if wanted.json:
        print(json.dumps([{**asdict(each), "ok": each.ok} for each in found], indent=2))
    else:
        well = "Traces arrive." if any(each.hop == "the trace" for each in found) else "No fault was found."
        console.print(f"{ill_ones} thing(s) to fix, the first one first." if ill_ones else well)
    return 1 if ill_ones else 0


if __name__ == "__main__":
    try:
        code = main()
    except KeyboardInterrupt:
        code = 130
    sys.stdout.flush()
    os._exit(code)  # a thread that hangs in a system call must not keep the process
