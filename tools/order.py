"""`make order`: place one order, wait for its trace, draw it."""

import argparse
import sys

from .draw import console, drawing, summary
from .jaeger import Jaeger
from .shop import Placed, place
from .tracecheck import CannotCheck, NotYet, Trace
from .urls import urls


def show(title: str, placed: Placed, jaeger: Jaeger) -> None:
    """Wait for the order's trace to be whole and draw it. Raises NotYet or CannotCheck."""
    console.rule(f"[bold]{title}[/]  {placed.status_code} {placed.title}", align="left")
    if not placed.sampled:
        console.print(f"trace {placed.trace_id} was not sampled: nothing to draw")
        return
    trace = jaeger.eventually(placed.trace_id, Trace.connected, settle=0.6)
    console.print(drawing(trace))
    console.print(f"[dim]{summary(trace)}[/]\n{trace.link}\n", soft_wrap=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make order", description=__doc__)
    parser.add_argument("--sku", default="lamp")
    parser.add_argument("--quantity", type=int, default=1)
    parser.add_argument("--method", default="pm_card_ok")
    wanted = parser.parse_args()
    where = urls()
    try:
        placed = place(where.order, wanted.sku, wanted.quantity, wanted.method)
        show("order", placed, Jaeger(where.jaeger))
    except (CannotCheck, NotYet) as problem:
        console.print(f"[red]{problem}[/]\n`make doctor` looks for the reason.", highlight=False)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
