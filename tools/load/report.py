"""The report of a load: everything a reader, human or not, may ask of it. Pure."""

from dataclasses import asdict, dataclass
from typing import Any

from ..audit import Report as Audit
from ..sampled import chosen
from .fate import Evidence, Fates, failed, fates
from .journal import Trip
from .stored import Seen
from .times import Second, Table, client, difference, seconds, steps, summed_up

SLOWEST = 10
BUSY, LATE = 0.9, 100.0
"""A process of Locust beyond this share of a core, or trips beginning so many milliseconds too late: the
figures are Locust's, not the shop's."""


@dataclass(frozen=True)
class Report:
    """`failures`: one trace of each kind. `predicted`: trips whose trace id the ratio keeps; None: no ratio.

    `away`: when the Collector did not answer, second of the load and for how long.
    """

    trips: int
    requests: int
    seconds: float
    pending: int
    cut_off: int
    failed: dict[str, int]
    failures: list[tuple[str, str]]
    fates: Fates
    predicted: int | None
    wrongly_sampled: int
    evidence: Evidence
    away: list[tuple[float, float]]
    client_ms: Table
    span_ms: Table
    difference_ms: Table
    late_ms: list[float]
    slowest: list[tuple[float, str, str]]
    timeline: list[Second]
    audit: Audit
    processes: dict[str, dict[str, float]]
    bottleneck: list[str]
    made: dict[str, Any]

    @property
    def good(self) -> bool:
        """Answers were as expected, what was to be kept is there whole, nothing else is, the books hold."""
        lost = self.fates.lost or self.fates.beyond or self.wrongly_sampled
        return self.trips > 0 and not self.failed and not lost and self.audit.holds

    @property
    def lost_before_collector(self) -> int:
        """Spans that were made, as far as known, and that the Collector never got."""
        got = max(self.evidence.collector.get("accepted", 0), self.fates.spans_stored)
        return max(0, self.fates.spans_expected - int(got))

    def document(self) -> dict[str, Any]:
        more = {"good": self.good, "lost_before_collector": self.lost_before_collector}
        return asdict(self) | more | {"audit_holds": self.audit.holds}


def report(
    trips: list[Trip],
    found: dict[str, Seen],
    evidence: Evidence,
    ratio: float | None,
    audit: Audit,
    processes: dict[str, dict[str, float]],
    locust_says_busy: bool,
    made: dict[str, Any],
) -> Report:
    began = min((trip.started for trip in trips), default=0.0)
    slowest = sorted(trips, key=lambda trip: -trip.milliseconds)[:SLOWEST]
    late = summed_up(trip.late for trip in trips)
    kept = {trip.trace_id for trip in trips if ratio is not None and chosen(trip.trace_id, ratio)}
    return Report(
        trips=len(trips),
        requests=sum(len(trip.answers) for trip in trips),
        seconds=round(max((trip.ended for trip in trips), default=0.0) - began, 1),
        pending=sum(trip.pending for trip in trips),
        cut_off=sum(trip.cut_off for trip in trips),
        failed=failed(trips),
        failures=list({wrong: (wrong, trip.trace_id) for trip in trips for wrong in trip.wrong}.values()),
        fates=fates(trips, found, evidence),
        predicted=None if ratio is None else len(kept),
        wrongly_sampled=sum(trip.sampled != (trip.trace_id in kept) for trip in trips)
        if ratio is not None
        else 0,
        evidence=evidence,
        away=[(round(begin - began, 1), round(end - begin, 1)) for begin, end in evidence.away],
        client_ms=client(trips),
        span_ms=steps(found.values()),
        difference_ms=difference(trips, found),
        late_ms=late,
        slowest=[(round(trip.milliseconds, 1), trip.kind, trip.trace_id) for trip in slowest],
        timeline=seconds(trips),
        audit=audit,
        processes=processes,
        bottleneck=_bottleneck(processes, locust_says_busy, late),
        made=made,
    )


def _bottleneck(processes: dict[str, dict[str, float]], says_busy: bool, late: list[float]) -> list[str]:
    """Why the figures may be Locust's and not the shop's."""
    found = [
        f"{name} took {use['share']:.0%} of a core"
        for name, use in processes.items()
        if name.startswith("locust") and use["share"] > BUSY
    ]
    found += ["Locust warns of its own use of the CPU"] if says_busy else []
    _, _, most, _ = late
    return found + ([f"one trip in a hundred began {most:.0f} ms late or more"] if most > LATE else [])
