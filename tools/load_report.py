"""What became of each trip of a load: answered, traced, stored; and what each step took. Pure."""

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from typing import Any

from .tracecheck import Trace

STEPS = ("POST /orders", "reserveInventory", "processPayment", "releaseInventory")
SLOWEST = 10


@dataclass(frozen=True)
class Trip:
    """A line of the journal; see loadtest/traced.py."""

    kind: str
    trace_id: str
    sampled: bool
    started: float
    answers: list[list[Any]]
    wrong: list[str]

    @property
    def milliseconds(self) -> float:
        return float(sum(took for _, _, took in self.answers))


@dataclass(frozen=True)
class Report:
    """`looked` trips were read back; of those sampled, `whole` are stored whole and `lost` are not."""

    trips: int
    requests: int
    failed: dict[str, int]
    sampled: int
    looked: int
    whole: int
    lost: list[str]
    refused: dict[str, float]
    client_ms: dict[str, list[float]]
    server_ms: dict[str, list[float]]
    slowest: list[tuple[float, str, str]] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.failed and not self.lost and self.trips > 0

    def document(self) -> dict[str, Any]:
        return asdict(self) | {"good": self.good}


def is_whole(trace: Trace, trip: Trip) -> bool:
    """Whether the trip is there, a span of a service under it for each answer, and no parent is missing."""
    if len(trace.roots) != 1 or trace.orphans:
        return False
    return len(trace.children(trace.roots[0])) >= len([status for _, status, _ in trip.answers if status])


def reconcile(
    trips: list[Trip], looked: list[Trip], stored: dict[str, Trace], refused: dict[str, float]
) -> Report:
    """`looked`: the trips whose traces were asked for; `stored`: those that are there, whole."""
    wanted = [trip for trip in looked if trip.sampled]
    client, server = defaultdict(list), defaultdict(list)
    for trip in trips:
        for name, _, took in trip.answers:
            client[name].append(took)
    for trace in stored.values():
        for span in trace.spans:
            if span.name in STEPS:
                server[span.name].append(span.milliseconds)
    slowest = sorted(trips, key=lambda trip: -trip.milliseconds)[:SLOWEST]
    return Report(
        trips=len(trips),
        requests=sum(len(trip.answers) for trip in trips),
        failed=dict(Counter(wrong for trip in trips for wrong in trip.wrong)),
        sampled=sum(trip.sampled for trip in trips),
        looked=len(wanted),
        whole=sum(trip.trace_id in stored for trip in wanted),
        lost=[trip.trace_id for trip in wanted if trip.trace_id not in stored],
        refused={name: count for name, count in refused.items() if count},
        client_ms={name: _percentiles(took) for name, took in sorted(client.items())},
        server_ms={name: _percentiles(took) for name, took in sorted(server.items())},
        slowest=[(round(trip.milliseconds, 1), trip.kind, trip.trace_id) for trip in slowest],
        failures=list({wrong: (wrong, trip.trace_id) for trip in trips for wrong in trip.wrong}.values()),
    )


def _percentiles(values: list[float]) -> list[float]:
    """Half, 99 of 100, and the longest."""
    ordered = sorted(values)
    return [round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1) for share in (0.5, 0.99, 1)]


def text(report: Report) -> str:
    """The report for people."""
    lines = [
        f"trips {report.trips}, requests {report.requests}, unexpected answers {sum(report.failed.values())}",
        f"sampled {report.sampled} of {report.trips}; of {report.looked} traces read back "
        f"{report.whole} are whole",
        *(f"FAILED  {count} times: {wrong}" for wrong, count in report.failed.items()),
        *(f"LOST    {trace_id}" for trace_id in report.lost[:SLOWEST]),
    ]
    if report.lost:
        where = ", ".join(f"{name} {count:.0f}" for name, count in report.refused.items())
        lines.append(
            f"The Collector says: {where or 'all it was sent was passed on: lost before it, in an SDK'}"
        )
    lines += ["", f"{'milliseconds':34} {'half':>8} {'99 %':>8} {'longest':>8}"]
    for title, table in (("client", report.client_ms), ("span", report.server_ms)):
        lines += [
            f"{title + ' ' + name:34} " + " ".join(f"{ms:8}" for ms in row) for name, row in table.items()
        ]
    lines += [
        "",
        "The slowest:",
        *(f"  {ms:8} ms  {kind:18} {trace_id}" for ms, kind, trace_id in report.slowest),
    ]
    return "\n".join(lines)
