"""Orders in one set-up or side by side in several: what one costs, how many it takes, how long they take."""

import math
import random
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

from .costs import Meter, mebibytes
from .driver import Run, closed_loop, open_loop
from .quiet import quiet, stolen_seconds
from .shop import Shop
from .variants import Variant
from .wire import Scales

CLIENTS, WARM_UP = 8, 300
SLICE, LEAD = 2.0, 1.0  # seconds at the fixed rate
TURN, FEWEST = 100, 20  # orders at saturation: in a turn, and of a slow one at least
Seen = dict[str, Any]


def side_by_side(shops: Sequence[Shop], rate: Callable[[], float], seconds: float) -> dict[str, Seen]:
    """So many `seconds` of orders for each, in slices: a worse moment of the machine is one for all.

    `rate()` a second, the same for all: asked for again after each has had its turn; of the last three the
    mean.
    """
    slices: dict[str, list[Run]] = {shop.variant.name: [] for shop in shops}
    found, rates = [], []
    for _ in range(math.ceil(seconds / SLICE)):
        found.append(rate())
        rates.append(fmean(found[-3:]))
        for shop in random.sample(shops, len(shops)):
            with shop.awake():
                slices[shop.variant.name].append(_slice(shop, rates[-1], min(seconds, SLICE)))
    return {name: {"rate": fmean(rates)} | in_all(of_one) for name, of_one in slices.items()}


def _slice(shop: Shop, rate: float, seconds: float) -> Run:
    """What leads into it does not count: who slept has things to catch up on."""
    open_loop(shop.port, rate, LEAD)
    before = stolen_seconds()
    run = open_loop(shop.port, rate, seconds)
    run.stolen = (stolen_seconds() - before) / run.seconds
    return run


def in_all(slices: list[Run]) -> Seen:
    """Milliseconds of an order over the quiet slices, and how many orders of all were not confirmed.

    `p99_slice` is the middle of the slices' own: a single bad second does not decide it. `counted`: how
    many of the `slices` these are.
    """
    whole, counted = Run(), quiet(slices)
    for run in counted:
        whole += run
    return {
        "p50": whole.percentile(0.5),
        "p99": whole.percentile(0.99),
        "p99_slice": median(run.percentile(0.99) for run in counted),
        "failed": sum(run.failed for run in slices),
        "slices": len(slices),
        "counted": len(counted),
    }


def half_of_saturation(pace: Shop, orders: int) -> float:
    """Half of what a traced shop takes at the moment; all set-ups are compared at this rate."""
    with pace.awake():
        return orders / closed_loop(pace.port, CLIENTS, orders).seconds / 2


def warm_up(shop: Shop) -> None:
    """Place orders until what is built at first use is built."""
    with shop.awake():
        closed_loop(shop.port, CLIENTS, WARM_UP // 10 if shop.variant.slow else WARM_UP)


def at_saturation(shops: Sequence[Shop], behind: Callable[[Shop], list[int]], orders: int) -> dict[str, Seen]:
    """So many orders for each, the slow ones a tenth, as fast as it takes them, in turns. CPU is per order.

    `behind`: the processes that work on the spans of a shop.
    """
    turns: dict[str, list[Seen]] = {shop.variant.name: [] for shop in shops}
    number = math.ceil(orders / TURN)
    for _ in range(number):
        for shop in random.sample(shops, len(shops)):
            some = max(FEWEST, orders // number // 10) if shop.variant.slow else orders // number
            turns[shop.variant.name].append(_turn(shop, behind(shop), some))
    return {
        name: {what: fmean(turn[what] for turn in seen) for what in seen[0]}
        | {"failed": sum(turn["failed"] for turn in seen)}
        for name, seen in turns.items()
    }


def _turn(shop: Shop, behind: Iterable[int], orders: int) -> Seen:
    """Half as many lead into it: the first ones after a sleep are dearer. Their spans leave before it."""
    with shop.awake():
        _placed(shop, orders // 2)
        with Meter(shop.pids) as services, Meter(behind) as pipeline:
            full = _placed(shop, orders)
    return {
        "cpu_ms": services.milliseconds / orders,
        "pipeline_ms": pipeline.milliseconds / orders,
        "saturation": orders / full.seconds,
        "mebibytes": mebibytes(shop.pids),
        "failed": full.failed,
    }


def _placed(shop: Shop, orders: int) -> Run:
    run = closed_loop(shop.port, CLIENTS, orders)
    threading.Event().wait(shop.variant.settle)
    return run


def both(steady: Seen, full: Seen) -> Seen:
    """What was seen at the rate and at saturation."""
    return full | steady | {"failed": full["failed"] + steady.get("failed", 0)}


def weigh(variant: Variant, directory: Path, python: Path, orders: int) -> Seen:
    """Spans and bytes that leave the services per order."""
    with Scales() as scales:
        with Shop(variant, directory, python, scales.url).open() as shop:
            closed_loop(shop.port, CLIENTS, orders)
        return {"spans": len(scales.spans) / orders, "bytes": scales.weight / orders}
