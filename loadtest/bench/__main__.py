"""`make bench`: what tracing costs an order.

Every round starts each set-up anew, in another order, and gives it a few seconds of orders: a machine that
is slower for a while is so for all, and a process that happens to be slow counts once. Give it this machine
alone for twenty minutes. More ROUNDS make the spread smaller; ONLY="off|100 %" runs some; LEVERS=1
takes back, one at a time, what made the shop cheap.
"""

import argparse
import contextlib
import json
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from deploy.native.ports import settings, state_dir
from tests.practice.experiment import made

from . import page, small, text
from .backend import Backend
from .figures import LEVERS_RESULT, RESULT, Result, trouble
from .measure import Seen, measure, saturation, weigh
from .shop import PYTHON, Shop
from .variants import ALL, ELSEWHERE, LEVERS, ONE, VARIANTS, Variant


def main() -> int:
    asked = _asked()
    began = time.monotonic()
    with contextlib.ExitStack() as ends:
        directory = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="spanshop-bench-")))
        backend = ends.enter_context(Backend(directory))
        result = bench(_chosen(asked), backend, directory, asked)
    result |= {"small": small.measured()} if asked.levers else {}
    result["seconds"] = round(time.monotonic() - began)
    file = _kept(result, asked)
    print("\n".join(text.levers(result) if asked.levers else text.set_ups(result)))
    print(f"All of it: {file}")
    if asked.only or asked.levers:
        return 0
    wrong = trouble(result)
    print("\n".join(wrong) or "All bars hold.")
    return 1 if wrong else 0


def _kept(result: Result, asked: argparse.Namespace) -> Path:
    file = state_dir(settings()) / "bench" / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    if asked.page:
        file = LEVERS_RESULT if asked.levers else RESULT
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result, indent=1) + "\n")
    if asked.page:
        page.write()
    return file


def bench(chosen: list[Variant], backend: Backend, directory: Path, asked: argparse.Namespace) -> Result:
    """Return all that was seen, by set-up and round."""
    runs: dict[str, list[Seen]] = {variant.name: [] for variant in chosen}
    with contextlib.ExitStack() as ends:
        shops = [ends.enter_context(shop) for shop in _shops(chosen, backend, directory, asked)]
        rate = asked.rate or _half_of_saturation(shops, asked.orders)
        for number in range(asked.rounds):
            for place, shop in enumerate(random.sample(shops, len(shops)), 1):
                behind = backend.pids(shop.variant.collector)
                seen = measure(shop, behind, orders=asked.orders, rate=rate, seconds=asked.seconds)
                runs[shop.variant.name].append({name: round(value, 7) for name, value in seen.items()})
                where = f"round {number + 1} of {asked.rounds}, {place:2} of {len(chosen)}"
                print(f"{where}: {_line(shop.variant, seen)}", flush=True)
    weighed = [variant for variant in chosen if ELSEWHERE not in variant.environment.values()]
    weights = {
        variant.name: weigh(variant, directory / f"weighed-{number}", asked.python, 60)
        for number, variant in enumerate(weighed)
    }
    return {"made": made(), "rate": round(rate, 1), "runs": runs, "weights": weights}


def _shops(
    chosen: list[Variant], backend: Backend, directory: Path, asked: argparse.Namespace
) -> Iterator[Shop]:
    for place, variant in enumerate(chosen, 1):
        print(f"starting {place:2} of {len(chosen)}: {variant.name}", flush=True)
        yield Shop(variant, directory / f"shop-{place}", asked.python, backend.url(variant))


def _half_of_saturation(shops: list[Shop], orders: int) -> float:
    """Half of what the traced shop takes; all set-ups are compared at this rate."""
    traced = next((shop for shop in shops if shop.variant == ALL), shops[0])
    return saturation(traced, orders) / 2


def _line(variant: Variant, seen: Seen) -> str:
    p99 = f"p99 {seen['p99']:6.1f} ms" if "p99" in seen else ""
    return f"{variant.name:16} {seen['cpu_ms']:6.2f} ms/order {seen['saturation']:6.1f}/s  {p99}"


def _chosen(asked: argparse.Namespace) -> list[Variant]:
    every = [ONE, ALL, *(lever.without for lever in LEVERS)] if asked.levers else [*VARIANTS]
    names = asked.only.split("|") if asked.only else [variant.name for variant in every]
    if unknown := set(names) - {variant.name for variant in every}:
        sys.exit(f"There is no {', '.join(unknown)}. There are {', '.join(v.name for v in every)}.")
    return [variant for variant in every if variant.name in names]


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--orders", type=int, default=600, help="of a block at saturation")
    parser.add_argument("--seconds", type=float, default=10, help="of a block at the fixed rate")
    parser.add_argument(
        "--rate", type=float, default=0, help="orders a second; default: half of the saturation"
    )
    parser.add_argument("--only", default="", help="set-ups to run, with | between them")
    parser.add_argument("--levers", action="store_true", help="compare with and without each lever")
    parser.add_argument("--page", action="store_true", help="write docs/price-of-tracing.md anew")
    parser.add_argument("--python", type=Path, default=PYTHON, help="the interpreter that runs the services")
    return parser.parse_args()


if __name__ == "__main__":
    # Both are Ctrl-C, also where a shell has told us to ignore the first: what was started is ended.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
