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

CLIENTS, WARM_UP = 8, 300  # the first time; and a tenth of it each time
Seen = dict[str, Any]


def warm_up(shop: Shop) -> float:
    """Return the orders a second it took; let it rest then."""
    orders = WARM_UP // 10 if shop.variant.slow else WARM_UP
    taken = orders / closed_loop(shop.port, CLIENTS, orders).seconds
    shop.rest()
    return taken


def measure(shop: Shop, behind: Iterable[int], *, orders: int, rate: float, seconds: float) -> Seen:
    """`orders` at saturation, then `rate` a second for so many `seconds`. CPU in milliseconds per order.

    `behind`: the processes that work on the spans.
    """
    orders = max(20, orders // 10) if shop.variant.slow else orders
    shop.wake()
    closed_loop(shop.port, CLIENTS, WARM_UP // 10)
    with Meter(shop.pids) as services, Meter(behind) as pipeline:
        full = closed_loop(shop.port, CLIENTS, orders)
        threading.Event().wait(shop.variant.settle)
    seen = {
        "cpu_ms": services.milliseconds / orders,
        "pipeline_ms": pipeline.milliseconds / orders,
        "speed": services.speed,
        "saturation": orders / full.seconds,
        "mebibytes": mebibytes(shop.pids),
        "failed": full.failed,
    }
    if not shop.variant.slow:
        steady = open_loop(shop.port, rate, seconds)
        seen |= {"p50": steady.percentile(0.5), "p99": steady.percentile(0.99)}
        seen["failed"] += steady.failed
    shop.rest()
    return seen


def weigh(variant: Variant, directory: Path, python: Path, orders: int) -> Seen:
    """Spans and bytes that leave the services per order."""
    with Scales() as scales:
        with Shop(variant, directory, python, scales.url) as shop:
            closed_loop(shop.port, CLIENTS, orders)
        return {"spans": len(scales.spans) / orders, "bytes": scales.bytes / orders}
