"""The report as one HTML file that needs nothing else: no scripts, no fonts, pictures inside."""

from collections.abc import Iterable, Mapping
from html import escape

from ..audit import text as audit_text
from . import plots
from .fate import CAUSES
from .report import Report
from .text import text
from .times import Table

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 60rem; margin: 2rem auto; padding: 1rem }
table { border-collapse: collapse; margin: .5rem 0 1.5rem } td, th { padding: 0 .8rem; text-align: right }
td:first-child, th:first-child { text-align: left } tr:nth-child(even) { background: #f6f6f6 }
pre { background: #f6f6f6; padding: .8rem; overflow-x: auto } svg { width: 100%; height: auto }
.good { color: #2e7d32 } .bad { color: #c0392b }
"""
TIMES = ("", "count", "half", "99 %", "longest")


def html(report: Report, jaeger: str) -> str:
    """Return the page; `jaeger` is where its links lead."""
    verdict = ("good", "everything is as it should be") if report.good else ("bad", "something is wrong")
    parts = [
        f'<h1>Load of {report.made.get("at", "")}: <span class="{verdict[0]}">{verdict[1]}</span></h1>',
        f"<pre>{escape(_summary(report))}</pre>",
        *(
            f'<p class="bad">Locust itself was the bottleneck: {escape(why)}.</p>'
            for why in report.bottleneck
        ),
        "<h2>Where the traces went</h2>",
        plots.where_traces_went(report),
        _causes(report, jaeger),
        *_over_time(report),
        *_tables(report),
        "<h2>The slowest</h2>",
        _table(("trip", "milliseconds", "trace"), ((k, ms, _link(jaeger, t)) for ms, k, t in report.slowest)),
        "<h2>Each kind of failure</h2>",
        _table(("answer", "times", "trace"), _failures(report, jaeger))
        if report.failures
        else "<p>None.</p>",
        "<h2>Programs</h2>",
        _programs(report),
        f"<h2>The books</h2><pre>{escape(audit_text(report.audit))}</pre>",
        f"<h2>Measured on</h2><pre>{escape(_made(report))}</pre>",
    ]
    head = f'<meta charset="utf-8"><title>Load</title><style>{STYLE}</style>'
    return f"<!doctype html><html lang='en'><head>{head}</head><body>{''.join(parts)}</body></html>\n"


def _summary(report: Report) -> str:
    return text(report).split("\n\n")[0]


def _over_time(report: Report) -> list[str]:
    if len(report.timeline) < 3:
        return []
    return [
        "<h2>Over time</h2>",
        plots.latency(report),
        plots.requests(report),
        "<p>Dots: unexpected answers. Grey: the Collector did not answer.</p>",
    ]


def _tables(report: Report) -> list[str]:
    titled = {
        "As the client saw it": report.client_ms,
        "As the spans say": report.span_ms,
        "Client minus the service's span: connection, queue, Locust": report.difference_ms,
    }
    return [f"<h2>{title}</h2>{_times(table)}" for title, table in titled.items()]


def _times(table: Table) -> str:
    return _table(TIMES, ((escape(name), f"{row[0]:.0f}", *row[1:]) for name, row in table.items()))


def _causes(report: Report, jaeger: str) -> str:
    rows = ((CAUSES[c], len(ids), _link(jaeger, ids[0])) for c, ids in report.fates.lost.items())
    lost = _table(("lost", "traces", "one of them"), rows) if report.fates.lost else ""
    says: dict[str, Mapping[str, float]] = {
        "the load's SDK could not send": report.evidence.load_sdk,
        "the services' SDKs could not send": report.evidence.service_sdk,
        "the Collector's counters": report.evidence.collector,
    }
    counted = [
        (escape(f"{who}: {what}"), f"{count:.0f}") for who, of in says.items() for what, count in of.items()
    ]
    return lost + _table(("who says", "spans"), counted)


def _failures(report: Report, jaeger: str) -> Iterable[tuple[object, ...]]:
    return ((escape(what), report.failed[what], _link(jaeger, trace)) for what, trace in report.failures)


def _programs(report: Report) -> str:
    if not report.processes:
        return "<p>Not measured: they run in containers.</p>"
    head = (
        "",
        "CPU seconds",
        "peak MiB",
        "MiB at the end",
        "without mapped files",
        "those, MiB a minute",
        "most of a core",
    )
    figures = ("cpu_seconds", "peak_mib", "end_mib", "own_mib", "mib_per_minute")
    rows = (
        (n, *(use[name] for name in figures), f"{use['share']:.0%}") for n, use in report.processes.items()
    )
    return _table(head, rows)


def _made(report: Report) -> str:
    return "\n".join(f"{name}: {_plain(value)}" for name, value in report.made.items())


def _plain(value: object) -> str:
    return ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)


def _link(jaeger: str, trace_id: str) -> str:
    return f'<a href="{jaeger}/trace/{trace_id}">{trace_id}</a>'


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    cells = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    titles = "".join(f"<th>{title}</th>" for title in head)
    return f"<table><tr>{titles}</tr>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
