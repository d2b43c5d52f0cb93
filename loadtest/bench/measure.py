"""One block of orders in one set-up: what one costs, how many it takes, how long they take at a rate."""

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .costs import Meter, mebibytes
from .driver import closed_loop, open_loop
from .shop import Shop
from .variants import Variant
from .wire import Scales

CLIENTS, WARM_UP = 8, 300
Seen = dict[str, Any]


def saturation(shop: Shop, orders: int) -> float:
    """Orders a second it takes, once it is warm."""
    with shop.open():
        warm_up(shop)
        return orders / closed_loop(shop.port, CLIENTS, orders).seconds


def measure(shop: Shop, behind: Iterable[int], *, orders: int, rate: float, seconds: float) -> Seen:
    """`rate` a second for so many `seconds`, then `orders` at saturation. CPU in milliseconds per order.

    `behind`: the processes that work on the spans. The rate comes first: they work for a while on what a
    saturated shop has sent.
    """
    orders = max(20, orders // 10) if shop.variant.slow else orders
    with shop.open():
        warm_up(shop)
        steady = None if shop.variant.slow else open_loop(shop.port, rate, seconds)
        seen = _at_saturation(shop, behind, orders)
    if steady:
        seen |= {"p50": steady.percentile(0.5), "p99": steady.percentile(0.99)}
        seen["failed"] += steady.failed
    return seen


def warm_up(shop: Shop) -> None:
    """Place orders until what is built at first use is built."""
    closed_loop(shop.port, CLIENTS, WARM_UP // 10 if shop.variant.slow else WARM_UP)


def _at_saturation(shop: Shop, behind: Iterable[int], orders: int) -> Seen:
    with Meter(shop.pids) as services, Meter(behind) as pipeline:
        full = closed_loop(shop.port, CLIENTS, orders)
        threading.Event().wait(shop.variant.settle)
    return {
        "cpu_ms": services.milliseconds / orders,
        "pipeline_ms": pipeline.milliseconds / orders,
        "saturation": orders / full.seconds,
        "mebibytes": mebibytes(shop.pids),
        "failed": full.failed,
    }


def weigh(variant: Variant, directory: Path, python: Path, orders: int) -> Seen:
    """Spans and bytes that leave the services per order."""
    with Scales() as scales:
        with Shop(variant, directory, python, scales.url) as shop, shop.open():
            closed_loop(shop.port, CLIENTS, orders)
        return {"spans": len(scales.spans) / orders, "bytes": scales.bytes / orders}
