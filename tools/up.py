"""`make up`: start everything, place one order, and say where to look."""

import sys
import time

from rich.panel import Panel

from deploy.native import native

from .draw import console
from .jaeger import Jaeger
from .mode import ModeError, compose, mode, say
from .shop import place
from .tracecheck import CannotCheck, NotYet, Trace
from .urls import Urls, urls


def main() -> int:
    started = time.monotonic()
    try:
        chosen = mode()
        console.print(f"Starting Spanshop ({chosen}).")
        if chosen == "compose":
            if code := compose("up", "--build", "--detach", "--wait"):
                return code
        else:
            native.up()
        where = urls()
        trace = _first_trace(where)
    except (ModeError, native.BuildError, native.PortError, native.StackError) as error:
        say(str(error))
        return 1
    except (CannotCheck, NotYet) as problem:
        say(f"Everything is up, but its first order left no whole trace: {problem}\n`make doctor` says why.")
        return 1
    console.print(_box(where, trace, chosen, time.monotonic() - started))
    console.print(_curl(where), soft_wrap=True)
    return 0


def _first_trace(where: Urls) -> Trace | None:
    """Place an order and return its trace, None where sampling left it out."""
    placed = place(where.order, "lamp", 1, "pm_card_ok")
    return Jaeger(where.jaeger).eventually(placed.trace_id, Trace.connected) if placed.sampled else None


def _box(where: Urls, trace: Trace | None, chosen: str, seconds: float) -> Panel:
    ui = "" if chosen == "compose" else " (natively the API; the web page comes with the image)"
    text = (
        f"order      {where.order}/openapi.json\n"
        f"inventory  {where.inventory}/openapi.json\n"
        f"payment    {where.payment}/openapi.json\n"
        f"Jaeger     {where.jaeger}{ui}\n\n"
        f"The trace of an order just placed:\n{trace.link if trace else '(it was not sampled)'}\n\n"
        "make order  place one, draw its trace\n"
        "make demo   one of every kind\n"
        "make down   stop it all"
    )
    return Panel(text, title=f"Spanshop is up ({chosen}, {seconds:.0f} s)", expand=False, padding=(1, 2))


def _curl(where: Urls) -> str:
    """Return the command to place an order by hand, outside the box so that it can be copied."""
    lines = '"lines":[{"sku":"lamp","quantity":2}]'
    body = f'{{"customer_id":"customer-1",{lines},"payment_method":"pm_card_ok"}}'
    return f"curl -i {where.order}/orders -H 'content-type: application/json' \\\n  -d '{body}'"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
