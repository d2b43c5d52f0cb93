"""What Jaeger has of each trip: read back one by one until all are whole, or nothing comes any more."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..tracecheck import Span, Trace
from .journal import Trip

PATIENCE = 20.0
"""Seconds without one more whole trace after which the rest counts as lost: an SDK tries for ten."""
AT_ONCE = 4
STEPS = ("processOrder", "reserveInventory", "processPayment", "releaseInventory")


@dataclass(frozen=True)
class Seen:
    """What is kept of a trace; `served`: milliseconds of the spans under the root, as they began."""

    spans: int
    whole: bool
    services: frozenset[str]
    served: list[float]
    steps: dict[str, list[float]]


def seen(trace: Trace, trip: Trip) -> Seen:
    steps: dict[str, list[float]] = defaultdict(list)
    for span in trace.spans:
        if name := _step(span):
            steps[name].append(span.milliseconds)
    served = [span.milliseconds for root in trace.roots[:1] for span in trace.children(root)]
    services = frozenset(span.service for span in trace.spans)
    return Seen(len(trace.spans), is_whole(trace, trip), services, served, dict(steps))


def is_whole(trace: Trace, trip: Trip) -> bool:
    """Whether one root is there, no parent is missing, and nothing that must be under a span.

    That is: a service's span under the root for each answer and under each call that was answered; under
    each service's span what it did. A single MongoDB span can be missing unnoticed where there are others.
    """
    if len(trace.roots) != 1 or trace.orphans:
        return False
    if len(trace.children(trace.roots[0])) < sum(answer.status > 0 for answer in trip.answers):
        return False
    parents = {span.parent_id for span in trace.spans}
    return all(span.span_id in parents for span in trace.spans if _has_children(span))


def _has_children(span: Span) -> bool:
    if span.kind == "client":
        return "http.response.status_code" in span.attributes
    return span.kind == "server" and span.attributes.get("http.response.status_code") in (200, 201, 202)


def _step(span: Span) -> str:
    """The name to sum a span up under; empty for those that stand in other tables."""
    if "db.system.name" in span.attributes:
        return f"MongoDB {span.name}"
    if span.kind == "server":
        return f"{span.name} in {span.service}"
    return span.name if span.name in STEPS else ""


def read_back(
    trips: Iterable[Trip], look: Callable[[str], Trace], patience: float = PATIENCE
) -> dict[str, Seen]:
    """Return what is there of each trip, by trace id."""
    found: dict[str, Seen] = {}
    missing, progress = list(trips), time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while missing:
            now = pool.map(lambda trip: (trip, seen(look(trip.trace_id), trip)), missing)
            found |= {trip.trace_id: one for trip, one in now}
            still = [trip for trip in missing if not found[trip.trace_id].whole]
            progress = time.monotonic() if len(still) < len(missing) else progress
            if time.monotonic() > progress + patience:
                break
            missing = still
            time.sleep(0.5 if missing else 0)
    return found
