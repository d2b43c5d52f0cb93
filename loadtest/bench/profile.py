"""`make bench PROFILE=1`: where an order's CPU goes, as py-spy sees the three services at saturation.

A sample is the thread that holds Python's lock: the others wait. It belongs to the innermost frame whose file
is known below. py-spy slows down what it watches, so its samples only divide what the system charged.
"""

import argparse
import contextlib
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.practice.experiment import made

from . import ending, page
from .backend import Backend
from .costs import Meter
from .driver import Run, closed_loop
from .figures import PROFILE, Result
from .interpreter import interpreter, warn_of
from .measure import CLIENTS, warm_up
from .shop import PYTHON, Shop
from .variants import VARIANTS

WATCHED = "off|100 %|contrib"
PARTS = {
    "encoding spans as OTLP": r"opentelemetry/exporter/otlp/proto/common|google/protobuf|chassis/encoding",
    "queueing, posting": r"_shared_internal|opentelemetry/exporter/|(spool|backlog)\.py|/(requests|urllib3)/",
    "making spans": r"opentelemetry/(sdk/trace|attributes|trace|sdk/util)/|chassis/(privacy|sampling)",
    "baggage, context, headers": r"opentelemetry/(baggage|context|propagat\w+|util)|chassis/baggage",
    "instrumentors": r"opentelemetry/instrumentation|fastapi/telemetry|pymongo/_telemetry|chassis/unsampled",
    "metrics": r"opentelemetry/(sdk/)?metrics",
    "MongoDB and Motor's threads": r"/(pymongo|motor|bson|gridfs)/|concurrent/futures/",
    "calls: httpx, aiohttp, retries": r"/(httpx|httpx_aiohttp|aiohttp|tenacity|anyio|yarl)/|circuitbreaker",
    "web framework": r"/(uvicorn|starlette|fastapi|pydantic|typing_extensions)/",
    "the shop's own code": r"services/(order|inventory|payment|chassis)/",
}
"""What is done, and in which files."""
OTHER = "Python's libraries"


def main() -> int:
    asked = _asked()
    watched = [variant for variant in VARIANTS if variant.name in asked.only.split("|")]
    if not watched:
        sys.exit(f"There is no {asked.only}. There are {', '.join(v.name for v in VARIANTS)}.")
    warn_of(asked.python)
    result: Result = {"made": made(Python=str(interpreter(asked.python))), "parts": {}}
    with contextlib.ExitStack() as ends:
        directory = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="spanshop-profile-")))
        backend = ends.enter_context(Backend(directory))
        for number, variant in enumerate(watched, 1):
            print(f"{number} of {len(watched)}: {variant.name}, {asked.seconds} s", flush=True)
            shop = Shop(variant, directory / f"shop-{number}", asked.python, backend.url(variant))
            with shop.open():
                result["parts"][variant.name] = _divided(shop, directory, asked.seconds)
    print("\n".join(text(result)))
    if asked.page:
        PROFILE.write_text(json.dumps(result, indent=1) + "\n")
        page.write()
    return 0


def text(result: Result) -> list[str]:
    """CPU milliseconds of an order by part, a column for each set-up."""
    lines = [f"{'CPU ms per order':34}" + "".join(f"{name:>10}" for name in result["parts"])]
    for part in [*PARTS, OTHER]:
        lines.append(f"{part:34}" + "".join(f"{parts[part]:10.2f}" for parts in result["parts"].values()))
    return lines


def part_of(stack: str) -> str:
    """Which part a stack is at work for; frames are from the outermost to the innermost, with `;` between."""
    for frame in reversed(stack.split(";")):
        for part, files in PARTS.items():
            if re.search(files, frame):
                return part
    return OTHER


def _divided(shop: Shop, directory: Path, seconds: int) -> dict[str, float]:
    """CPU milliseconds of an order, by part."""
    warm_up(shop)
    files = {pid: directory / f"{pid}.txt" for pid in shop.pids}
    load = Run()
    with shop.awake():
        spies = [_spy(pid, file, seconds) for pid, file in files.items()]
        with Meter(shop.pids) as services:
            while any(spy.poll() is None for spy in spies):
                load += closed_loop(shop.port, CLIENTS, 100)
    for spy, file in zip(spies, files.values(), strict=True):
        if spy.returncode:
            sys.exit(f"py-spy could not look at a service: {file.with_suffix('.log').read_text()[-500:]}")
    seen = Counter[str]()
    for file in files.values():
        for line in file.read_text().splitlines():
            stack, _, count = line.rpartition(" ")
            seen[part_of(stack)] += int(count)
    each = services.milliseconds / len(load.milliseconds) / seen.total()
    return {part: round(seen[part] * each, 3) for part in [*PARTS, OTHER]}


def _spy(pid: int, file: Path, seconds: int) -> subprocess.Popen[bytes]:
    how = ["--gil", "--full-filenames", "--format", "raw", "--rate", "100", "--duration", str(seconds)]
    command = [str(PYTHON.with_name("py-spy")), "record", *how, "--output", str(file), "--pid", str(pid)]
    with file.with_suffix(".log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench PROFILE=1", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=30, help="of each set-up")
    parser.add_argument("--only", default=WATCHED, help="set-ups to look at, with | between them")
    parser.add_argument("--page", action="store_true", help="write docs/price-of-tracing.md anew")
    parser.add_argument("--python", type=Path, default=PYTHON, help="the interpreter that runs the services")
    return parser.parse_args()


if __name__ == "__main__":
    ending.run(main)
