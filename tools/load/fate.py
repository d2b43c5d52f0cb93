"""What became of the trace of each trip, and what a loss is put down to. Pure.

A cause is named only where somebody counted or saw it; the rest is `unexplained`, and that is a finding too.
"""

from collections import Counter
from dataclasses import dataclass, field
from statistics import median_low

from .journal import Trip
from .stored import Seen

CAUSES = {
    "evicted": "Jaeger had it, and has it no more",
    "load_sdk": "the load's own SDK says it could not send spans",
    "service_sdk": "a service's SDK says it could not send spans",
    "collector_away": "under way while the Collector did not answer: lost in an SDK",
    "tail_sampling": "the Collector decided against it (tail sampling)",
    "collector_refused": "the Collector refused spans",
    "collector_failed": "the Collector could not pass spans on",
    "unexplained": "nobody says why",
}
MARGIN = 15.0
"""Seconds around a Collector's absence in which a trace may have been caught: an SDK tries for ten."""


@dataclass(frozen=True)
class Evidence:
    """What those on the way say of themselves; spans, but for `away`: from and to, seconds since 1970."""

    load_sdk: dict[str, int] = field(default_factory=dict)
    service_sdk: dict[str, int] = field(default_factory=dict)
    collector: dict[str, float] = field(default_factory=dict)
    restarts: int = 0  # of the Collector; what it counted just before is not in its counters
    away: list[tuple[float, float]] = field(default_factory=list)
    witness: Trip | None = None  # its trace was seen whole while the load ran


@dataclass(frozen=True)
class Fates:
    """`read` of the `sampled` trips = `whole` + the sum of `lost`; `beyond` are stored though not sampled."""

    sampled: int
    read: int
    whole: int
    delayed: int  # whole, though the Collector did not answer when they were under way
    lost: dict[str, list[str]]
    beyond: list[str]
    spans_stored: int
    spans_expected: int


def fates(trips: list[Trip], found: dict[str, Seen], evidence: Evidence) -> Fates:
    """`found` has the trips that were looked for, sampled or not."""
    complete = [trip for trip in trips if not trip.cut_off]
    sampled = [trip for trip in complete if trip.sampled]
    read = [trip for trip in sampled if trip.trace_id in found]
    whole = [trip for trip in read if found[trip.trace_id].whole]
    gone_before = _gone_before(whole, found, evidence.witness)
    lost: dict[str, list[str]] = {}
    for trip in read:
        if not found[trip.trace_id].whole:
            why = _cause(trip, found[trip.trace_id], evidence, gone_before)
            lost.setdefault(why, []).append(trip.trace_id)
    return Fates(
        sampled=len(sampled),
        read=len(read),
        whole=len(whole),
        delayed=sum(_caught(trip, evidence.away, margin=1.0) for trip in whole),
        lost=lost,
        beyond=[trip.trace_id for trip in complete if not trip.sampled and _spans(trip, found)],
        spans_stored=sum(_spans(trip, found) for trip in read),
        spans_expected=_expected(read, whole, found),
    )


def _cause(trip: Trip, one: Seen, evidence: Evidence, gone_before: float) -> str:
    says, has_root = evidence.collector, "load" in one.services
    if not one.spans and trip.started < gone_before:
        return "evicted"
    if evidence.load_sdk and not has_root:
        return "load_sdk"
    if evidence.service_sdk and (has_root or not one.spans):
        return "service_sdk"
    if _caught(trip, evidence.away, MARGIN):
        return "collector_away"
    counted = [name for name in ("tail_sampling", "collector_refused", "collector_failed") if says.get(name)]
    return counted[0] if counted else "unexplained"


def _gone_before(whole: list[Trip], found: dict[str, Seen], witness: Trip | None) -> float:
    """Up to when traces are evicted: where one that was there is gone, the oldest go first."""
    if witness is None or witness.trace_id not in found or found[witness.trace_id].spans:
        return 0.0
    return min((trip.started for trip in whole), default=float("inf"))


def _caught(trip: Trip, away: list[tuple[float, float]], margin: float) -> bool:
    return any(trip.started < end + margin and trip.ended > begin - margin for begin, end in away)


def _spans(trip: Trip, found: dict[str, Seen]) -> int:
    return found[trip.trace_id].spans if trip.trace_id in found else 0


def _expected(read: list[Trip], whole: list[Trip], found: dict[str, Seen]) -> int:
    """Spans the read trips have made: of a lost one as many as others of its kind and answers have."""
    like: dict[object, list[int]] = {}
    for trip in whole:
        like.setdefault(_shape(trip), []).append(_spans(trip, found))
    usual = {shape: median_low(counts) for shape, counts in like.items()}
    return sum(
        _spans(trip, found)
        if found[trip.trace_id].whole
        else max(_spans(trip, found), usual.get(_shape(trip), 0))
        for trip in read
    )


def _shape(trip: Trip) -> object:
    return (trip.kind, tuple((answer.name, answer.status) for answer in trip.answers))


def failed(trips: list[Trip]) -> dict[str, int]:
    """Every kind of unexpected answer, and how often."""
    return dict(Counter(wrong for trip in trips for wrong in trip.wrong))
