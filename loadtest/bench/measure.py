"""One run of one set-up: what an order costs, how many it takes, how long they take at a given rate."""

import tempfile
import threading
from pathlib import Path
from typing import Any

from .backend import Backend
from .costs import Meter, mebibytes
from .driver import closed_loop, open_loop
from .shop import Shop, forget_orders
from .variants import Variant
from .wire import Scales

CLIENTS = 8
SETTLE = 0.6  # seconds, in which the last spans leave: they leave five times a second
Seen = dict[str, Any]


def measure(
    variant: Variant, backend: Backend, python: Path, *, orders: int, rate: float, seconds: float
) -> Seen:
    """`rate` a second for so many `seconds`, then `orders` at saturation. CPU in milliseconds per order."""
    orders = max(20, orders // 5) if variant.slow else orders
    forget_orders(backend.mongodb)
    with (
        tempfile.TemporaryDirectory(prefix="spanshop-bench-") as directory,
        Shop(variant, Path(directory), python, backend.mongodb, _collector(variant, backend)) as shop,
    ):
        closed_loop(shop.port, CLIENTS, orders // 4)
        with Meter(shop.pids) as calm:
            steady = None if variant.slow else open_loop(shop.port, rate, seconds)
        with Meter(shop.pids) as services, Meter(backend.pids(variant.collector)) as behind:
            full = closed_loop(shop.port, CLIENTS, orders)
            threading.Event().wait(SETTLE)
        seen = {
            "cpu_ms": services.milliseconds / orders,
            "pipeline_ms": behind.milliseconds / orders,
            "speed": services.speed,
            "saturation": orders / full.seconds,
            "mebibytes": mebibytes(shop.pids),
            "failed": full.failed,
        }
    if steady:
        seen |= {"p50": steady.percentile(0.5), "p99": steady.percentile(0.99)}
        seen |= {"steady_ms": calm.milliseconds / steady.orders, "steady_speed": calm.speed}
        seen["failed"] += steady.failed
    return seen


def weigh(variant: Variant, backend: Backend, python: Path, orders: int) -> Seen:
    """Spans and bytes that leave the services per order."""
    forget_orders(backend.mongodb)
    with tempfile.TemporaryDirectory(prefix="spanshop-bench-") as directory, Scales() as scales:
        with Shop(variant, Path(directory), python, backend.mongodb, scales.url) as shop:
            closed_loop(shop.port, CLIENTS, orders)
        return {"spans": len(scales.spans) / orders, "bytes": scales.bytes / orders}


def _collector(variant: Variant, backend: Backend) -> str:
    return variant.environment.get("OTEL_EXPORTER_OTLP_ENDPOINT", backend.collectors[variant.collector].url)
