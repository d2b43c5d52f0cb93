"""The report for a terminal: what was sent, what became of it, and what is wrong; the page has the rest."""

from ..audit import text as audit_text
from .fate import CAUSES
from .report import Report
from .times import Table

SHOWN = 5
LONG = 60
"""Seconds from which on it is worth saying what changed over the load."""


def text(report: Report) -> str:
    lines = [*_sent(report), *_fate(report), *_collector(report), ""]
    lines += _table("milliseconds, client", report.client_ms)
    lines += _table("milliseconds, spans", _without_mongodb(report.span_ms))
    lines += _drift(report) if report.seconds >= LONG else []
    lines += [f"BOTTLENECK  Locust itself: {why}" for why in report.bottleneck]
    return "\n".join([*lines, "", audit_text(report.audit).splitlines()[-1]])


def _sent(report: Report) -> list[str]:
    apart = [f"{report.pending} were pending for a while"] if report.pending else []
    apart += [f"{report.cut_off} cut off at the end, left out below"] if report.cut_off else []
    return [
        f"sent     {len(report.trips)} trips, {report.requests} requests in {report.seconds:.0f} s"
        + "".join(f"; {each}" for each in apart),
        *(f"FAILED   {count} times: {wrong}" for wrong, count in report.failed.items()),
    ]


def _fate(report: Report) -> list[str]:
    of = report.fates
    not_sampled = len(report.trips) - report.cut_off - of.sampled
    lines = [f"traced   {of.sampled}" + (f", {not_sampled} not sampled" if not_sampled else "")]
    lines += [f"stored   {of.whole} of {of.read} read back are whole"]
    if report.predicted is not None:
        lines.append(f"ratio    keeps {report.predicted} trace ids; {len(of.beyond)} others are stored")
    for cause, ids in of.lost.items():
        lines += [f"LOST     {len(ids)}: {CAUSES[cause]}", *(f"         {one}" for one in ids[:SHOWN])]
    return lines


def _collector(report: Report) -> list[str]:
    says, of = report.evidence.collector, report.fates
    made = f"{'about ' if of.lost else ''}{of.spans_expected} made"
    accepted, passed_on = says.get("accepted", 0), says.get("passed_on", 0)
    anew = "; it started anew, and what it counted just before is missing here"
    lines = [
        f"spans    {made}, {accepted:.0f} accepted by the Collector, {passed_on:.0f} passed on, "
        f"{of.spans_stored} stored" + (anew if report.evidence.restarts else "")
    ]
    if (others := accepted - of.spans_expected) > 0 and of.read == of.sampled:
        lines.append(f"         {others:.0f} more are others': recovery of pending orders, other clients")
    if of.lost and report.lost_before_collector:
        lines.append(f"         lost before the Collector: about {report.lost_before_collector}")
    for begin, seconds in report.away:
        lines.append(
            f"AWAY     the Collector did not answer for {seconds:.1f} s from second {begin:.1f} on; "
            f"{of.delayed} traces were under way then and are whole"
        )
    return lines


def _drift(report: Report) -> list[str]:
    *before, last = (f"{ms:.1f}" for ms in report.drift_ms)
    busy = (
        f"{name} {use['early_share']:.2f} {use['last_share']:.2f}" for name, use in report.processes.items()
    )
    grew = (f"{name} {use['mib_per_minute']:+.2f}" for name, use in report.processes.items())
    return [
        "",
        f"drift    99 % within {', '.join(before)} and {last} ms, fifth by fifth of the load",
        "         step by step, in the second fifth and in the last:",
        *(
            f"         {name}: {early[2]:.1f} ms, {late[2]:.1f} ms"
            for name, (early, late) in list(report.drift_by_step.items())[:SHOWN]
        ),
        *_machine(report.pace),
        f"cpu      of a core, in the same fifths: {', '.join(busy)}",
        f"memory   MiB a minute in the second half, without mapped files and garbage: {', '.join(grew)}",
    ]


def _machine(pace: dict[str, float]) -> list[str]:
    if not pace:
        return []
    was, became = pace["early_ms"], pace["last_ms"]
    return [
        f"machine  the same piece of work took {was:.2f} ms of its CPU then, and {became:.2f} ms in the last"
    ]


def _without_mongodb(table: Table) -> Table:
    return {name: row for name, row in table.items() if not name.startswith("MongoDB")}


def _table(title: str, table: Table) -> list[str]:
    lines = [f"{title:40} {'count':>7} {'half':>8} {'99 %':>8} {'longest':>8}"]
    for name, (count, *times) in table.items():
        lines.append(f"  {name:38} {count:7.0f} " + " ".join(f"{ms:8.1f}" for ms in times))
    return lines
