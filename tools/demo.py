"""`make demo`, second half: one order of every kind, each trace drawn as a tree."""

import sys
import uuid

from .draw import console
from .jaeger import Jaeger
from .order import show
from .shop import KINDS, place
from .tracecheck import CannotCheck, NotYet
from .urls import urls


def main() -> int:
    where = urls()
    jaeger, key = Jaeger(where.jaeger), str(uuid.uuid4())
    try:
        for kind, (sku, method, says) in KINDS.items():
            show(f"{kind}: {says}", place(where.order, sku, 1, method), jaeger)
        sku, method, _ = KINDS["confirmed"]
        _, again = (place(where.order, sku, 1, method, key) for _ in range(2))
        show("replayed: the same Idempotency-Key again does nothing", again, jaeger)
    except (CannotCheck, NotYet) as problem:
        console.print(f"[red]{problem}[/]\n`make doctor` looks for the reason.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
