"""The recoverOrder spans of some orders, read back from Jaeger."""

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, datetime

from tools.jaeger import Jaeger, _spans
from tools.tracecheck import Span

MOST = 1500  # traces Jaeger returns at most


def recoveries(jaeger: Jaeger, ids: Collection[str], since: datetime) -> dict[str, list[Span]]:
    """Return each order's recoverOrder spans, the earliest first."""
    query = {
        "query.service_name": "order",
        "query.operation_name": "recoverOrder",
        "query.start_time_min": _text(since),
        "query.start_time_max": _text(datetime.now(UTC)),
        "query.search_depth": str(MOST),
    }
    parts = jaeger._get("/api/v3/traces", **query).get("result", {}).get("resourceSpans", [])
    found = defaultdict(list)
    for span in sorted((span for part in parts for span in _spans(part)), key=lambda span: span.start):
        if span.name == "recoverOrder" and span.attributes["shop.order.id"] in ids:
            found[span.attributes["shop.order.id"]].append(span)
    return dict(found)


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
