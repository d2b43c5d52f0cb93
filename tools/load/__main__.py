"""`make load`: customers for a while, then a report that says what became of each trip's trace.

Bounded in time; Ctrl-C ends it early and still reports. Ends 0 when every answer was the expected one, every
trace that was to be kept is there whole, and the audit holds.
"""

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
from pymongo.errors import PyMongoError

from deploy.native.ports import settings, state_dir

from ..audit import audited, mongodb_url
from ..audit import load as read_books
from ..draw import console
from ..jaeger import Jaeger
from ..tracecheck import CannotCheck
from ..urls import Urls, urls
from .fate import Evidence
from .journal import Trip, trips
from .locust import SHAPES, Asked, finish, listen_to_ctrl_c, locust, page
from .made import made_with, ratio
from .page import html
from .report import Report
from .stored import Seen, read_back
from .text import text
from .watch import Watch

MOST = 50_000
"""Traces read back; of more trips as many, evenly spread."""
BUSY = "CPU usage"
"""Locust's own warning has these words."""


def main() -> int:
    listen_to_ctrl_c()
    asked, ui = _asked()
    where = urls()
    try:
        httpx.get(f"{where.order}/readyz", timeout=5).raise_for_status()
        return _page(asked) if ui else _measure(asked, where, _directory())
    except httpx.HTTPError as error:
        console.print(f"[red]order is not ready at {where.order}[/] ({type(error).__name__}); `make up`?")
    except (CannotCheck, PyMongoError) as error:
        console.print(f"The load is over, but there is no report: {error}", markup=False, style="red")
    return 1


def _asked() -> tuple[Asked, bool]:
    parser = argparse.ArgumentParser(
        prog="make load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--users", type=int, default=10, help="customers at most (USERS=)")
    parser.add_argument("--rate", type=float, default=10.0, help="trips a second, SHAPE=open only (RATE=)")
    parser.add_argument("--duration", type=int, default=30, help="seconds (DURATION=)")
    parser.add_argument("--think", type=float, default=1.0, help="seconds between two trips (THINK=)")
    parser.add_argument("--shape", choices=SHAPES, default="constant", help="how many when (SHAPE=)")
    parser.add_argument("--workers", type=int, default=1, help="processes of Locust (WORKERS=)")
    parser.add_argument("--ui", action="store_true", help="Locust's own page instead, without a report")
    given = vars(parser.parse_args())
    ui = given.pop("ui")
    return Asked(**given), ui


def _page(asked: Asked) -> int:
    console.print(f"Locust's page: http://127.0.0.1:{settings()['LOCUST_PORT']}; Ctrl-C ends it.")
    with locust(asked, page()) as running:
        finish(running)
    return 0


def _directory() -> Path:
    directory = state_dir(settings()) / "load" / f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
    directory.mkdir(parents=True)
    return directory


def _measure(asked: Asked, where: Urls, directory: Path) -> int:
    running: list[subprocess.Popen[bytes]] = []
    watch = Watch(where, directory, lambda: running[0].pid if running else None)
    with watch, locust(asked, asked.headless(), directory) as started:
        running.append(started)
        finish(started)
    made = trips(directory)
    if not made:
        console.print((directory / "locust.log").read_text()[-2000:], markup=False)
    console.print(f"{len(made)} trips are over; reading their traces back …")
    found = _read_back(made, where.jaeger)
    the_report = _reported(asked, made, found, watch, directory)
    (directory / "report.json").write_text(json.dumps(the_report.document(), indent=1, default=str))
    (directory / "report.html").write_text(html(the_report, where.jaeger))
    console.print(text(the_report), markup=False, soft_wrap=True)
    console.print(f"All of it: {directory / 'report.html'} (and report.json)", soft_wrap=True)
    return 0 if the_report.good else 1


def _read_back(made: list[Trip], url: str) -> dict[str, Seen]:
    """Those to be kept until they are whole; the others once: they must not be there."""
    some = made[:: -(-len(made) // MOST) or 1]
    jaeger = Jaeger(url)
    try:
        found = read_back([trip for trip in some if trip.sampled and not trip.cut_off], jaeger.trace)
        others = [trip for trip in some if not trip.sampled]
        return found | read_back(others, jaeger.trace, patience=0)
    finally:
        jaeger.close()


def _reported(
    asked: Asked, made: list[Trip], found: dict[str, Seen], watch: Watch, directory: Path
) -> Report:
    evidence: Evidence = watch.evidence()
    busy = BUSY in (directory / "locust.log").read_text()
    books = audited(lambda: read_books(mongodb_url()), wait=30)
    use, pace = watch.processes.document(), watch.pace.document()
    return Report(made, found, evidence, ratio(), books, use, busy, made_with(asked), pace)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
