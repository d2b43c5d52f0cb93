"""What can be wrong with a network, as toxics; and orders placed while it is."""

import asyncio
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from .driver import Driver, Wanted
from .proxied import ProxiedShop


@dataclass(frozen=True)
class Fault:
    """A toxic on the answers of an edge, so the work behind it is done; on a share of its connections."""

    kind: str
    attributes: tuple[tuple[str, int], ...]
    toxicity: float = 1.0

    def on(self, edge: str, shop: ProxiedShop) -> None:
        shop.toxiproxy.poison(edge, self.kind, self.toxicity, **dict(self.attributes))


LATENCY = Fault("latency", (("latency", 2000),))
SILENCE = Fault("timeout", (("timeout", 0),))  # swallows everything and closes nothing
RESET = Fault("reset_peer", (("timeout", 0),))
SOME_RESET = Fault("reset_peer", (("timeout", 0),), toxicity=0.2)
SLICES = Fault("slicer", (("average_size", 5), ("size_variation", 2), ("delay", 5000)))  # microseconds
LIMIT = Fault("limit_data", (("bytes", 150),))  # an HTTP answer breaks off in its headers
FAULTS = (LATENCY, SILENCE, RESET, SOME_RESET, SLICES, LIMIT)


def place_under(fault: Fault, edge: str, shop: ProxiedShop, wanted: list[Wanted], seconds: float) -> None:
    """Place the orders while the fault is there, for `seconds`. Return when all have their final answer."""
    shop.await_well()
    driver, ends = Driver(shop.url, rate=len(wanted) / seconds), time.monotonic() + seconds
    with ThreadPoolExecutor(1) as beside:
        fault.on(edge, shop)
        placing = beside.submit(asyncio.run, driver.place(wanted))
        while time.monotonic() < ends:
            threading.Event().wait(0.2)
            if fault.toxicity < 1:
                fault.on(edge, shop)  # draw anew: connections are kept, and so would be their luck
        shop.toxiproxy.heal()
        placing.result()
    print(f"  {edge}: {fault.kind} of {fault.toxicity:.0%}: {figures(wanted)}", flush=True)


def figures(wanted: list[Wanted]) -> dict[str, Any]:
    """What the clients were answered, and after how many seconds."""
    answers = [answer for each in wanted for answer in each.answers]
    seconds = sorted(answer.seconds for answer in answers)
    return {
        "orders": len(wanted),
        "answers": dict(sorted(Counter(answer.status for answer in answers).items())),
        "p99 seconds": round(seconds[int(0.99 * (len(seconds) - 1))], 2),
        "longest seconds": round(seconds[-1], 2),
    }


def acknowledged(wanted: list[Wanted]) -> set[str]:
    return {order_id for each in wanted for order_id in each.acknowledged}
