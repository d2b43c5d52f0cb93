"""`make audit`: prove from MongoDB that no goods are lost and nobody is charged twice. Only reads.

Ends 0 when every rule of invariants.py holds and nothing is in the middle of work, else 1.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import pymongo
from pymongo.errors import PyMongoError

from deploy.native.ports import settings

from .invariants import BOUND, RULES, Books, Document, Violation, violations

BATCH = 250
"""Documents read at a time."""
SHOWN = 10
"""Lines printed of one kind; --json has all."""


@dataclass(frozen=True)
class Report:
    """What an audit found; `stuck` orders are pending for longer than the bound.

    `pending` are those too that were settled while the audit read.
    """

    counts: dict[str, int]
    violations: list[Violation]
    pending: list[str]
    stuck: list[str]
    unfinished: list[str]

    @property
    def quiet(self) -> bool:
        """Nothing is in the middle of work: what is written now is final."""
        return not self.pending and not self.unfinished

    @property
    def holds(self) -> bool:
        return self.quiet and not self.violations


def load(url: str, acknowledged: Iterable[str] = ()) -> Books:
    """Read everything, one collection after the other. Raises PyMongoError.

    What a step leads to is read before what led to it, so no charge is seen without its order. Of an
    order that is settled meanwhile the charge may be missing: `judge` takes the reading before for that.
    """
    with pymongo.MongoClient[Document](url, tz_aware=True, serverSelectionTimeoutMS=3000) as mongo:
        payments = list(mongo["payment"]["payments"].find({}, batch_size=BATCH))
        stock = list(mongo["inventory"]["stock"].find({}, {"markers": 0}))
        reservations = list(mongo["inventory"]["reservations"].find({}, batch_size=BATCH))
        orders = list(mongo["order"]["orders"].find({}, batch_size=BATCH))
    return Books(orders, stock, reservations, payments, frozenset(acknowledged))


def judge(before: Books, books: Books, now: datetime) -> Report:
    """Return what is wrong in `books`, and what is not done yet or was not when `before` was read."""
    pending, stuck = books.not_settled_in(before), books.pending(BOUND, now)
    return Report(_counts(books), violations(books), pending, stuck, books.unfinished())


def _counts(books: Books) -> dict[str, int]:
    of: Counter[str] = Counter()
    of.update(f"orders {order['status']}" for order in books.orders)
    of.update(f"reservations {each['state']}" for each in books.reservations)
    of.update(f"payments {payment['status']}" for payment in books.payments)
    for name in ("available", "reserved", "received"):
        of[f"pieces {name}"] = sum(item[name] for item in books.stock)
    return dict(of) | {"acknowledged": len(books.acknowledged)}


def audited(read: Callable[[], Books], *, wait: float = 0.0) -> Report:
    """Audit once it is quiet, or after `wait` seconds as it then is. Raises PyMongoError."""
    before, deadline = read(), time.monotonic() + wait
    while True:
        books = read()
        report = judge(before, books, datetime.now(UTC))
        if report.quiet or time.monotonic() > deadline:
            return report
        before = books
        time.sleep(0.5)


def mongodb_url() -> str:
    """Where MongoDB answers on this machine: compose publishes it on the same port as the native run."""
    values = settings()
    return values.get("MONGODB_URL") or f"mongodb://127.0.0.1:{values['MONGODB_PORT']}"


def text(report: Report) -> str:
    """The report for people."""
    lines = [f"{name}: {count}" for name, count in sorted(report.counts.items())]
    for rule in RULES:
        broken = [f"  {each.about}: {each.says}" for each in report.violations if each.rule == rule]
        lines += [f"{'BROKEN' if broken else 'holds '}  {rule}", *_some(broken)]
    for name, ids in (
        ("pending", report.pending),
        ("stuck", report.stuck),
        ("unfinished", report.unfinished),
    ):
        if ids:
            lines += [f"{name}: {len(ids)}", *_some([f"  {each}" for each in ids])]
    return "\n".join([*lines, _verdict(report)])


def _verdict(report: Report) -> str:
    if not report.quiet:  # the databases were read one after the other: half-done work looks broken
        return "NOT QUIET: work is under way, nothing is proven; `make audit WAIT=30` waits for its end."
    if report.violations:
        return f"FAILED: {len(report.violations)} violations."
    return "PASSED: nothing is lost, nothing charged twice."


def _some(lines: list[str]) -> list[str]:
    more = [f"  … and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return lines[:SHOWN] + more


def main() -> int:
    parser = argparse.ArgumentParser(prog="make audit", description=__doc__)
    parser.add_argument(
        "--wait", type=float, default=0.0, help="seconds to wait for the end of work under way"
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--acknowledged", type=Path, help="a file of order ids, one a line, that got a 201")
    asked = parser.parse_args()
    url, ids = mongodb_url(), asked.acknowledged.read_text().split() if asked.acknowledged else []
    try:
        report = audited(lambda: load(url, ids), wait=asked.wait)
    except PyMongoError as error:
        where = url.rpartition("@")[2].removeprefix("mongodb://")
        print(f"MongoDB does not answer at {where} ({type(error).__name__}); `make status`?", file=sys.stderr)
        return 1
    if asked.json:
        print(json.dumps(asdict(report) | {"quiet": report.quiet, "holds": report.holds}, indent=2))
    else:
        print(text(report))
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
