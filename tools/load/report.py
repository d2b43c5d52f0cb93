"""The report of a load: everything a reader, human or not, may ask of it. Pure."""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from ..audit import Report as Audit
from ..sampled import chosen
from . import drift
from .fate import Evidence, Fates, failed, fates
from .journal import Trip
from .stored import Seen
from .times import Second, Table, client, difference, seconds, steps, summed_up

SLOWEST = 10
BUSY, LATE = 0.9, 100.0
"""A process of Locust beyond this share of a core, or trips beginning so many milliseconds too late: the
figures are Locust's, not the shop's."""
FIGURES = (
    *("good", "requests", "seconds", "pending", "cut_off", "failed", "failures", "predicted"),
    *("wrongly_sampled", "away", "client_ms", "span_ms", "difference_ms", "late_ms", "slowest", "bottleneck"),
    *("lost_before_collector", "drift_ms", "drift_by_step", "pace"),
)


@dataclass(frozen=True)
class Report:
    """`found`: what Jaeger has of the trips, by trace id. `ratio`: the share kept by the trace id, if it is.

    `made`: with what, and on what. `pace`: of the machine itself, `Pace.document()`.
    """

    trips: list[Trip]
    found: dict[str, Seen]
    evidence: Evidence
    ratio: float | None
    audit: Audit
    processes: dict[str, dict[str, float]]
    locust_says_busy: bool
    made: dict[str, Any]
    pace: dict[str, float]

    @cached_property
    def good(self) -> bool:
        """Answers were as expected, what was to be kept is there whole, nothing else is, the books hold."""
        lost = self.fates.lost or self.fates.beyond or self.wrongly_sampled
        return bool(self.trips) and not self.failed and not lost and self.audit.holds

    @cached_property
    def fates(self) -> Fates:
        return fates(self.trips, self.found, self.evidence)

    @property
    def requests(self) -> int:
        return sum(len(trip.answers) for trip in self.trips)

    @cached_property
    def began(self) -> float:
        return min((trip.started for trip in self.trips), default=0.0)

    @property
    def seconds(self) -> float:
        return round(max((trip.ended for trip in self.trips), default=0.0) - self.began, 1)

    @property
    def pending(self) -> int:
        return sum(trip.pending for trip in self.trips)

    @property
    def cut_off(self) -> int:
        return sum(trip.cut_off for trip in self.trips)

    @cached_property
    def failed(self) -> dict[str, int]:
        return failed(self.trips)

    @property
    def failures(self) -> list[tuple[str, str]]:
        """One trace of each kind."""
        return list({wrong: (wrong, trip.trace_id) for trip in self.trips for wrong in trip.wrong}.values())

    @cached_property
    def predicted(self) -> int | None:
        """Trips whose trace id the ratio keeps; None where there is no ratio."""
        return None if self.ratio is None else sum(chosen(trip.trace_id, self.ratio) for trip in self.trips)

    @cached_property
    def wrongly_sampled(self) -> int:
        if self.ratio is None:
            return 0
        return sum(trip.sampled != chosen(trip.trace_id, self.ratio) for trip in self.trips)

    @property
    def lost_before_collector(self) -> int:
        """Spans that were made, as far as known, and that the Collector never got."""
        got = max(self.evidence.collector.get("accepted", 0), self.fates.spans_stored)
        return max(0, self.fates.spans_expected - int(got))

    @property
    def away(self) -> list[tuple[float, float]]:
        """When the Collector did not answer: second of the load, and for how long."""
        times = self.evidence.away
        return [(round(begin - self.began, 1), round(end - begin, 1)) for begin, end in times]

    @cached_property
    def client_ms(self) -> Table:
        return client(self.trips)

    @cached_property
    def span_ms(self) -> Table:
        return steps(self.found.values())

    @cached_property
    def difference_ms(self) -> Table:
        return difference(self.trips, self.found)

    @cached_property
    def late_ms(self) -> list[float]:
        return summed_up(trip.late for trip in self.trips)

    @cached_property
    def timeline(self) -> list[Second]:
        return seconds(self.trips)

    @property
    def drift_ms(self) -> list[float]:
        return drift.of_answers(self.trips)

    @cached_property
    def drift_by_step(self) -> dict[str, tuple[list[float], list[float]]]:
        return drift.of_steps(self.trips, self.found)

    @cached_property
    def slowest(self) -> list[tuple[float, str, str]]:
        found = sorted(self.trips, key=lambda trip: -trip.milliseconds)[:SLOWEST]
        return [(round(trip.milliseconds, 1), trip.kind, trip.trace_id) for trip in found]

    @cached_property
    def bottleneck(self) -> list[str]:
        """Why the figures may be Locust's and not the shop's."""
        shares = {name: use["share"] for name, use in self.processes.items() if name.startswith("locust")}
        found = [f"{name} took {share:.0%} of a core" for name, share in shares.items() if share > BUSY]
        found += ["Locust warns of its own use of the CPU"] if self.locust_says_busy else []
        _, _, late, _ = self.late_ms
        return found + ([f"one trip in a hundred began {late:.0f} ms late or more"] if late > LATE else [])

    def document(self) -> dict[str, Any]:
        """All of it but the single trips, which are in the journal."""
        parts = {name: asdict(getattr(self, name)) for name in ("fates", "evidence", "audit")}
        figures = {name: getattr(self, name) for name in FIGURES}
        timeline = [asdict(second) for second in self.timeline]
        more = {"trips": len(self.trips), "timeline": timeline, "audit_holds": self.audit.holds}
        return figures | more | parts | {"processes": self.processes, "made": self.made}
