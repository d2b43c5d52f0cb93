"""`make practice`: run the experiments behind docs/practice in full, then write results, tables, pictures.

It takes some minutes and needs this machine to itself: figures of a busy machine are wrong. ONLY=name runs
one experiment or those of one page; PAGES=1 measures nothing and only writes the pages anew.
"""

import argparse
import sys
import time

from . import pages
from .all import EXPERIMENTS
from .experiment import Experiment


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="make practice", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", help="the name of an experiment or of a page")
    parser.add_argument("--pages", action="store_true", help="measure nothing, only write the pages")
    asked = parser.parse_args()
    chosen = [e for e in EXPERIMENTS if asked.only in (None, e.name, e.page)]
    if not chosen:
        names = ", ".join(e.name for e in EXPERIMENTS)
        print(f"There is no experiment or page {asked.only!r}. There are {names}.", file=sys.stderr)
        return 2
    wrong = [] if asked.pages else [e.name for n, e in enumerate(chosen, 1) if not _holds(e, n, len(chosen))]
    pages.write(EXPERIMENTS if asked.pages else [e for e in chosen if e.name not in wrong])
    if wrong:
        print(f"Their claims do not hold, their pages are as before: {', '.join(wrong)}")
    return 1 if wrong else 0


def _holds(experiment: Experiment, number: int, of: int) -> bool:
    """Measure; keep the result if its claims hold."""
    print(f"{number} of {of}: {experiment.name} …", flush=True)
    began, result = time.monotonic(), {}
    try:
        result = experiment.run(True)
        experiment.check(result)
    except AssertionError as error:
        what = f"a claim is FALSE: {error}\n{result}" if result else f"it could not be measured: {error}"
        print(f"{experiment.name}: {time.monotonic() - began:.0f} s, {what}", flush=True)
        return False
    seconds = time.monotonic() - began
    experiment.keep(result, seconds)
    print(f"{experiment.name}: {seconds:.0f} s, its claims hold", flush=True)
    return True


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
