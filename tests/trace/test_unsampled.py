"""A trace that is dropped costs less, and nobody misses anything but its spans."""

import re
from pathlib import Path
from typing import Any

from tests.shop_processes import ShopProcesses
from tests.sink import Sink
from tests.support import MongoServer, new_order, trace_id_of

DROPPED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
KEPT = "00-5bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-01"
CLIENT = "http.client.request.duration"


def orders(directory: Path, mongo: MongoServer, parent: str) -> tuple[list[str], Sink]:
    """Place one order that is confirmed and one that is declined; return what the calls carried."""
    with Sink() as sink, ShopProcesses(directory, mongo=mongo, OTEL_EXPORTER_OTLP_ENDPOINT=sink.url) as shop:
        for method, status in (("pm_card_ok", 201), ("pm_card_declined", 402)):
            answer = shop.order.post(
                "/orders", json=new_order(method=method), headers={"traceparent": parent}
            )
            assert (answer.status_code, trace_id_of(answer)) == (status, parent.split("-")[1])
        heads = [head for heads in shop.heads().values() for head in heads]
        shop.stop()
    return heads, sink


def spans_of(sink: Sink, parent: str) -> list[str]:
    return [name for _, name, trace_id in sink.spans if trace_id == parent.split("-")[1]]


def dimensions(sink: Sink) -> set[tuple[tuple[str, Any], ...]]:
    """The series of order's calls; ports differ from one shop to the next."""
    return {
        tuple(sorted((name, value) for name, value in point.items() if name != "server.port"))
        for point in sink.points[CLIENT]
    }


def test_dropped_order_has_the_metrics_and_the_context_of_a_kept_one(tmp_path: Path) -> None:
    mongo = MongoServer(tmp_path / "mongodb")
    mongo.start()
    try:
        for name in ("dropped", "kept"):
            (tmp_path / name).mkdir()
        heads, dropped = orders(tmp_path / "dropped", mongo, DROPPED)
        _, kept = orders(tmp_path / "kept", mongo, KEPT)
    finally:
        mongo.stop()
    parents = [parent for head in heads for parent in re.findall(r"(?im)^traceparent: (\S+)", head)]
    assert len(parents) == 5  # reserve and pay, twice; the second time also release
    assert {(parent[:35], parent[-3:]) for parent in parents} == {(DROPPED[:35], "-00")}
    assert spans_of(dropped, DROPPED) == []
    assert len(spans_of(kept, KEPT)) > 20
    assert dimensions(dropped) == dimensions(kept) != set()
