"""`make load`: customers for a while, then a report that says what became of each trip's trace.

Bounded in time; Ctrl-C ends it early and still reports. Ends 0 when every answer was the expected one, every
trace that was to be kept is there whole, and the audit holds.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx

from deploy.native.ports import settings

from .audit import audited, mongodb_url
from .audit import load as read_books
from .audit import text as verdict
from .draw import console
from .jaeger import Jaeger
from .load_report import Report, Trip, is_whole, reconcile, text
from .urls import Urls, urls

ROOT = Path(__file__).parents[1]
LOCUST = ROOT / ".venv-load" / "bin" / "locust"
SHAPES = ("constant", "stepped", "spike", "soak", "open")
MOST = 2000
"""Traces read back one by one; of more trips as many, evenly spread."""
BUSY = "CPU usage"
"""Locust's own warning has these words."""
REFUSED = re.compile(r"^(otelcol_\w*(?:refused|failed)_spans)\{[^}]*\} ([\d.e+]+)$", re.M)


def main() -> int:
    asked, where = _asked(), urls()
    try:
        httpx.get(f"{where.order}/readyz", timeout=5).raise_for_status()
    except httpx.HTTPError as error:
        console.print(f"[red]order is not ready at {where.order}[/] ({type(error).__name__}); `make up`?")
        return 1
    if asked.ui:
        page = ["--web-host", "127.0.0.1", "--web-port", settings()["LOCUST_PORT"]]
        console.print(f"Locust's page: http://127.0.0.1:{settings()['LOCUST_PORT']}; Ctrl-C ends it.")
        return _locust(asked, page, {})
    state = Path(settings().get("SPANSHOP_STATE", ".spanshop"))
    directory = state / "load" / f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
    directory.mkdir(parents=True)
    return _measure(asked, where, directory)


def _measure(asked: argparse.Namespace, where: Urls, directory: Path) -> int:
    before, began = _refused(where.collector_metrics), time.monotonic()
    log = directory / "locust.log"
    headless = ["--headless", "--only-summary", "--run-time", f"{asked.duration}s", "--logfile", str(log)]
    _locust(asked, headless, {"LOAD_JOURNAL": str(directory.resolve())})
    trips = _trips(directory)
    console.print(f"{len(trips)} trips in {time.monotonic() - began:.0f} s; reading their traces back …")
    report = _settled(trips, Jaeger(where.jaeger), before, where.collector_metrics)
    (directory / "report.json").write_text(json.dumps(report.document(), indent=1))
    console.print(text(report), markup=False, soft_wrap=True)
    if log.exists() and BUSY in log.read_text():
        console.print("[yellow]Locust itself was the bottleneck[/]: its figures are too bad. WORKERS=2?")
    console.print(f"All of it: {directory / 'report.json'}", soft_wrap=True)
    books = audited(lambda: read_books(mongodb_url()), wait=30)
    console.print(verdict(books).splitlines()[-1])
    return 0 if report.good and books.holds else 1


def _asked() -> argparse.Namespace:
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
    return parser.parse_args()


def _locust(asked: argparse.Namespace, more: list[str], environment: dict[str, str]) -> int:
    """Run Locust until it ends by itself, or until Ctrl-C."""
    environment = (
        os.environ
        | environment
        | {
            "ORDER_URL": urls().order,
            "INVENTORY_URL": urls().inventory,
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{settings()['OTLP_HTTP_PORT']}",
            **{name.upper(): str(getattr(asked, name)) for name in ("shape", "rate", "think", "workers")},
        }
    )
    command = [str(LOCUST), "-f", str(ROOT / "loadtest" / "locustfile.py"), "--loglevel", "WARNING", *more]
    command += [
        "--users",
        str(asked.users),
        "--spawn-rate",
        str(max(1, asked.users / 2)),
        "--stop-timeout",
        "10",
    ]
    command += ["--processes", str(asked.workers)] if asked.workers > 1 else []
    # Its own session: Ctrl-C reaches it through us, and once, for a second one would not let it finish.
    running = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        return running.wait()
    except KeyboardInterrupt:
        console.print("Stopping …")
        running.send_signal(signal.SIGINT)
        running.wait(30)
        return 0


def _trips(directory: Path) -> list[Trip]:
    lines = (line for file in directory.glob("*.jsonl") for line in file.read_text().splitlines())
    return sorted((Trip(**json.loads(line)) for line in lines), key=lambda trip: trip.started)


def _settled(trips: list[Trip], jaeger: Jaeger, before: dict[str, float], metrics: str) -> Report:
    """The report once every trace is there, or after half a minute as it then is."""
    some, deadline = trips[:: -(-len(trips) // MOST) or 1], time.monotonic() + 30
    missing = {trip.trace_id: trip for trip in some if trip.sampled}
    stored = {}
    while missing and time.monotonic() < deadline:
        for trace_id, trip in list(missing.items()):
            trace = jaeger.trace(trace_id)
            if is_whole(trace, trip):
                stored[trace_id] = trace
                del missing[trace_id]
        time.sleep(0.5 if missing else 0)
    after = _refused(metrics)
    refused = {name: after[name] - before.get(name, 0.0) for name in after}
    return reconcile(trips, some, stored, refused)


def _refused(metrics: str) -> dict[str, float]:
    """What the Collector says it did not take, or could not pass on."""
    try:
        found = REFUSED.findall(httpx.get(f"{metrics}/metrics", timeout=5).text)
    except httpx.HTTPError:
        return {}
    totals: dict[str, float] = {}
    for name, value in found:
        totals[name] = totals.get(name, 0.0) + float(value)
    return totals


if __name__ == "__main__":
    sys.exit(main())
