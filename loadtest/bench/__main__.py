"""`make bench`: what tracing costs an order, for docs/price-of-tracing.md.

Every round runs each set-up once, in another order; so a machine that is slower for a while is so for all of
them. Give it this machine alone. ROUNDS=n more make the spread smaller, ONLY="off|100 %" runs some.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.practice.experiment import made

from . import page
from .backend import Backend
from .figures import RESULT, trouble
from .measure import Seen, measure, weigh
from .variants import VARIANTS, Variant

PYTHON = Path(__file__).parents[2] / ".venv-bench" / "bin" / "python"


def main() -> int:
    asked = _asked()
    if asked.pages:
        page.write(json.loads(RESULT.read_text()))
        return 0
    chosen = [
        variant
        for variant in VARIANTS
        if asked.only in ("", variant.name) or variant.name in asked.only.split("|")
    ]
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="spanshop-bench-") as directory,
        Backend(Path(directory)) as backend,
    ):
        result = bench(chosen, backend, asked)
    result["seconds"] = round(time.monotonic() - began)
    if asked.only:
        print(json.dumps(result["runs"], indent=1))
        return 0
    wrong = trouble(result)
    print("\n".join(wrong) or "All bars hold.")
    if not wrong or asked.keep:
        RESULT.write_text(json.dumps(result, indent=1) + "\n")
        page.write(result)
    return 1 if wrong else 0


def bench(chosen: list[Variant], backend: Backend, asked: argparse.Namespace) -> dict[str, object]:
    """Return all that was seen, by set-up and round."""
    rate = asked.rate or _half_of_saturation(backend, asked)
    runs: dict[str, list[Seen]] = {variant.name: [] for variant in chosen}
    for number in range(asked.rounds):
        for place, variant in enumerate(random.sample(chosen, len(chosen)), 1):
            seen = measure(
                variant, backend, asked.python, orders=asked.orders, rate=rate, seconds=asked.seconds
            )
            runs[variant.name].append({name: round(value, 7) for name, value in seen.items()})
            print(
                f"round {number + 1} of {asked.rounds}, {place} of {len(chosen)}: {variant.name:12} "
                f"{seen['cpu_ms']:6.2f} ms/order {seen['saturation']:6.1f}/s  p99 {seen.get('p99', 0):6.1f} ms",
                flush=True,
            )
    weights = {
        variant.name: weigh(variant, backend, asked.python, 60)
        for variant in chosen
        if variant.name not in ("dead",)
    }
    return {"made": made(), "rate": round(rate, 1), "runs": runs, "weights": weights}


def _half_of_saturation(backend: Backend, asked: argparse.Namespace) -> float:
    """Half of what the traced shop takes; all set-ups are compared at this rate."""
    (traced,) = (variant for variant in VARIANTS if variant.name == "100 %")
    seen = measure(traced, backend, asked.python, orders=asked.orders, rate=5, seconds=1)
    return float(seen["saturation"]) / 2


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--orders", type=int, default=600, help="of a run at saturation")
    parser.add_argument("--seconds", type=float, default=10, help="of a run at the fixed rate")
    parser.add_argument(
        "--rate", type=float, default=0, help="orders a second; default: half of the saturation"
    )
    parser.add_argument("--only", default="", help="set-ups to run, with | between them; nothing is kept")
    parser.add_argument("--keep", action="store_true", help="write the page even if a bar is missed")
    parser.add_argument("--pages", action="store_true", help="measure nothing, only write the page")
    parser.add_argument("--python", type=Path, default=PYTHON, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
