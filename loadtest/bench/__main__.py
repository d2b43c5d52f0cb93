"""`make bench`: what tracing costs an order.

Every round starts each set-up anew, all side by side, and gives them orders in turn, a second or two at a
time: a machine that is slower for a while is so for all, and a process that happens to be slow counts once.
Give it this machine alone for an hour. More ROUNDS make the spread smaller; ONLY="off|100 %" runs some,
also of the next; LEVERS=1 takes back, one at a time, what made the shop cheap.
"""

import argparse
import contextlib
import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from deploy.native.ports import settings, state_dir

from . import ending, page, small, text
from .backend import Backend
from .figures import LEVERS_RESULT, RESULT, Result, trouble
from .interpreter import warn_of
from .measure import FEWEST
from .rounds import bench
from .shop import PYTHON
from .variants import ALL, LEVERS, ONE, VARIANTS, Variant


def main() -> int:
    asked = _asked()
    began = time.monotonic()
    warn_of(asked.python)
    file = state_dir(settings()) / "bench" / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    with contextlib.ExitStack() as ends:
        directory = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="spanshop-bench-")))
        backend = ends.enter_context(Backend(directory))
        for result in bench(_chosen(asked), backend, directory, asked):
            _keep(result, file)  # after each round: what ends the next one does not take this one along
    result |= {"small": small.measured()} if asked.levers else {}
    result["seconds"] = round(time.monotonic() - began)
    if asked.page:
        file = LEVERS_RESULT if asked.levers else RESULT
    _keep(result, file)
    if asked.page:
        page.write()
    print("\n".join(text.levers(result) if asked.levers else text.set_ups(result)))
    print(f"All of it: {file}")
    if asked.only or asked.levers:
        return 0
    wrong = trouble(result)
    print("\n".join(wrong) or "All bars hold.")
    return 1 if wrong else 0


def _keep(result: Result, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result, indent=1) + "\n")


def _chosen(asked: argparse.Namespace) -> list[Variant]:
    levers = [lever.without for lever in LEVERS]
    if not asked.only:
        return [ONE, ALL, *levers] if asked.levers else [*VARIANTS]
    every = {variant.name: variant for variant in (*VARIANTS, *levers)}
    names = asked.only.split("|")
    if unknown := set(names) - set(every):
        sys.exit(f"There is no {', '.join(unknown)}. There are {', '.join(every)}.")
    return [variant for name, variant in every.items() if name in names]


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--orders", type=int, default=600, help="of each at saturation, in a round")
    parser.add_argument("--seconds", type=float, default=12, help="of each at the fixed rate, in a round")
    parser.add_argument(
        "--rate", type=float, default=0, help="orders a second; default: half of what the traced one takes"
    )
    parser.add_argument("--only", default="", help="set-ups to run, with | between them")
    parser.add_argument("--levers", action="store_true", help="compare with and without each lever")
    parser.add_argument("--page", action="store_true", help="write docs/price-of-tracing.md anew")
    parser.add_argument("--python", type=Path, default=PYTHON, help="the interpreter that runs the services")
    asked = parser.parse_args()
    if asked.orders < FEWEST:
        parser.error(f"at saturation all take turns: --orders must be {FEWEST} or more, not {asked.orders}")
    return asked


if __name__ == "__main__":
    ending.run(main)
