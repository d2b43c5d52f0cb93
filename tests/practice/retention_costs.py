"""What keeping traces costs: bytes measured times prices and factors put in by hand (prices.yaml)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tools.curves import curves

from .pages import table

PRICES: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("prices.yaml").read_text())
DAY, GB = 86_400, 1e9
Engine = dict[str, Any]


def kept(mode: str) -> float:
    """Which share of the orders this way to sample keeps."""
    share = PRICES["sampling"][mode]
    failing: float = PRICES["failing"]
    return (1 - failing) * share["ordinary"] + failing * share["failing"]  # type: ignore[no-any-return]


def gigabytes(per_order: float, rate: float, mode: str, days: float, engine: Engine) -> float:
    """What lies on all disks of the engine together."""
    return per_order * rate * DAY * kept(mode) * days * engine["bytes"] * engine["copies"] / GB


def costs(per_order: float) -> str:
    longest = PRICES["days"][-1]
    head = ["orders/s", "sampling", "GB a day"]
    for name, engine in PRICES["engines"].items():
        days = PRICES["days"] if engine["measured"] else [longest]
        head += [f"{name}, {each} days" + ("" if engine["measured"] else ", *not measured*") for each in days]
    return table(head, *_rows(per_order))


def _rows(per_order: float) -> Iterator[list[str]]:
    badger = PRICES["engines"]["Badger"]
    for rate in PRICES["orders_per_second"]:
        for mode in PRICES["sampling"]:
            row = [f"{rate:,}", mode, f"{gigabytes(per_order, rate, mode, 1, badger):,.1f}"]
            for engine in PRICES["engines"].values():
                days = PRICES["days"] if engine["measured"] else PRICES["days"][-1:]
                row += [_cell(per_order, rate, mode, each, engine) for each in days]
            yield row


def _cell(per_order: float, rate: float, mode: str, days: float, engine: Engine) -> str:
    if engine["bytes"] is None:
        return "no factor given"
    all_disks = gigabytes(per_order, rate, mode, days, engine)
    too_much = all_disks > engine.get("largest_gb", float("inf"))
    return f"${all_disks * PRICES['usd_per_gb_month']:,.2f}" + (" †" if too_much else "")


def inputs() -> str:
    engines = PRICES["engines"]
    others = "; ".join(
        f"{name}: {engine['copies']} copies, {engine['bytes']} times Badger's bytes, an assumption"
        for name, engine in engines.items()
        if not engine["measured"]
    )
    return (
        f"US dollars a month for the disk alone, at ${PRICES['usd_per_gb_month']} per GB and month; "
        f"{PRICES['failing']:.0%} of the orders fail.\n† more than {engines['Badger']['largest_gb']:,} GB, "
        f"the one machine of Badger. {others}.\nPrices and factors are inputs: "
        "[prices.yaml](../../tests/practice/prices.yaml)."
    )


def curve(per_order: float) -> str:
    """Return the picture: what is on disk by days kept, at the middle rate."""
    rate, engine = PRICES["orders_per_second"][1], PRICES["engines"]["Badger"]
    lines = {
        mode: [(float(days), gigabytes(per_order, rate, mode, days, engine)) for days in range(31)]
        for mode in PRICES["sampling"]
    }
    return curves(lines, "days kept", f"GB on disk at {rate} orders per second")
