"""Spans of one name, such as recoverOrder, read back from Jaeger."""

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, datetime

from tools.jaeger import Jaeger, _spans
from tools.tracecheck import Span

MOST = 1500  # traces Jaeger returns at most


def recoveries(jaeger: Jaeger, ids: Collection[str], since: datetime) -> dict[str, list[Span]]:
    """Return each order's recoverOrder spans, the earliest first."""
    found = defaultdict(list)
    for span in spans_since(jaeger, "recoverOrder", since):
        if span.attributes["shop.order.id"] in ids:
            found[span.attributes["shop.order.id"]].append(span)
    return dict(found)


def spans_since(jaeger: Jaeger, name: str, since: datetime) -> list[Span]:
    """Return the spans of order's of that name, the earliest first."""
    query = {
        "query.service_name": "order",
        "query.operation_name": name,
        "query.start_time_min": _text(since),
        "query.start_time_max": _text(datetime.now(UTC)),
        "query.search_depth": str(MOST),
    }
    parts = jaeger._get("/api/v3/traces", **query).get("result", {}).get("resourceSpans", [])
    spans = (span for part in parts for span in _spans(part))
    return sorted((span for span in spans if span.name == name), key=lambda span: span.start)


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
