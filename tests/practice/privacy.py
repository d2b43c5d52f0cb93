"""Secrets through every input and some faults: what instrumentations leave on spans, and what we leave."""

import random
import re
import tempfile
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

from tests.canary.faults import QUICK, broken_documents, duplicate_key, payment_talks_nonsense
from tests.canary.inputs import attacks
from tests.canary.otlp import Texts
from tests.canary.rig import Rig, rig
from tests.canary.secrets import Mint
from tools.drawing import GREEN, GREY, RED, picture
from tools.drawing import text as words

from .experiment import Experiment, Result
from .pages import table
from .variant import Change, changed, diff

STOCK = Change("chassis/telemetry.py", "            provider.add_span_processor(Scrubber())\n", "")
WAYS: dict[str, tuple[Change, ...]] = {"stock": (STOCK,), "ours": ()}
ATTRIBUTE = re.compile(r"attributes\[([\w.]+)\]")
EVERY = 40
"""In short one input in so many is sent. tests/canary sends all of them in `make test`."""


def run(full: bool) -> Result:
    return {name: _measure(changes, full) for name, changes in WAYS.items()}


def _measure(changes: tuple[Change, ...], full: bool) -> dict[str, Any]:
    """`sent`: by the services, as it comes to the Collector. `passed_on`: behind its redaction."""
    mint, forwarded = Mint(random.Random(7)), Mint(random.Random(8))
    with (
        tempfile.TemporaryDirectory(prefix="spanshop-privacy-") as directory,
        rig(changed(Path(directory), *changes), **QUICK) as running,
    ):
        chosen = attacks(mint, forwarded, running.documents())
        duplicate_key(running, mint)  # while no customer has ordered twice
        broken_documents(running, mint)
        running.send(chosen if full else islice(chosen, 0, None, EVERY))
        payment_talks_nonsense(running, mint)  # nobody else answers there afterwards
        running.stop()
        return {
            "requests": len(running.answers),
            "texts": sum(1 for _ in running.everything()),
            "sent": _places(mint, running.sent()),
            "passed_on": _places(mint, running.passed_on()),
            "elsewhere": _elsewhere(mint, running),
        }


def _places(mint: Mint, texts: Texts) -> dict[str, int]:
    """How many texts of each kind of place hold a secret."""
    return dict(sorted(Counter(_place(hit.where) for hit in mint.find(texts)).items()))


def _place(where: str) -> str:
    if found := ATTRIBUTE.findall(where):
        return f"`{found[-1]}`"
    return "the status's text" if where.endswith("status.message") else where.rpartition(".")[2]


def _elsewhere(mint: Mint, running: Rig) -> int:
    """In log lines, in headers of calls and of answers."""
    return len(mint.find([*running.logged(), *running.headers()]))


def check(result: Result) -> None:
    stock, ours = result["stock"], result["ours"]
    assert {"`url.path`", "`exception.message`", "the status's text"} <= set(stock["sent"])
    assert 0 < sum(stock["passed_on"].values()) < sum(stock["sent"].values()), "redaction is no first lock"
    assert (ours["sent"], ours["passed_on"], ours["elsewhere"]) == ({}, {}, 0)
    assert ours["requests"] == stock["requests"]
    assert ours["texts"] > 10 * ours["requests"]


def text(result: Result) -> str:
    stock, ours = result["stock"], result["ours"]
    rows = [
        (place, f"{count:,}", f"{stock['passed_on'].get(place, 0):,}", ours["sent"].get(place, 0))
        for place, count in stock["sent"].items()
    ]
    head = (
        "texts with a secret in them",
        "stock, as sent",
        "stock, behind the Collector's redaction",
        "ours",
    )
    return (
        f"*Stock* is the shop without one line:\n\n{diff(STOCK)}\n\n{table(head, *rows)}\n\n"
        f"{ours['requests']:,} requests each way; of ours {ours['texts']:,} texts were searched, log lines "
        f"and headers among them, with {ours['elsewhere']} hits in these."
    )


def pictures(result: Result) -> dict[str, str]:
    """How many texts hold a secret, each way."""
    stock, ours = result["stock"], result["ours"]
    ways = {
        "stock, as sent": (sum(stock["sent"].values()), RED),
        "stock, redacted": (sum(stock["passed_on"].values()), RED),
        "ours, as sent": (sum(ours["sent"].values()), GREEN),
    }
    most, shapes = max(count for count, _ in ways.values()), []
    for n, (name, (count, colour)) in enumerate(ways.items()):
        y, wide = 20 + 34 * n, 460 * count / most
        shapes += [
            words(150, y + 16, name, anchor="end"),
            f'<rect x="160" y="{y}" width="{wide:.1f}" height="22" fill="{colour}"/>',
            words(168 + wide, y + 16, f"{count:,} texts with a secret", GREY),
        ]
    return {"privacy.svg": picture(860, 130, shapes)}


EXPERIMENT = Experiment("privacy", "privacy", run, check, text, pictures, fast=False)
