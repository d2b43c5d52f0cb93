"""Thousands of ids through the shop: what becomes of the metrics, in the SDK and in four Collectors."""

from functools import cache
from typing import Any
from uuid import uuid4

from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from tests.sink import ServiceProcess
from tests.support import DECLINED, eventually, new_order

from .metrics_rig import Rig, Snapshot, rig
from .watched import Watched

LATE = 20  # declined orders, the first ones, after all the others


@cache
def measured(full: bool) -> dict[str, Any]:
    """Everything the page says, from one run."""
    ids, slices, limit = (10_000, 5, 1000) if full else (240, 2, 60)
    with rig(limit) as it:
        it.shop.once_each()
        it.settle()
        before = it.seen()
        curve = [_point(0, before)]
        for done in range(0, ids, ids // slices):
            it.shop.many(range(done, done + ids // slices))
            it.settle()
            after = it.seen()
            curve.append(_point(done + ids // slices, after))
        return {
            "ids": ids,
            "limit": limit,
            "series": {name: [len(before[name]), len(after[name])] for name in after},
            "new": {name: sorted(after[name] - before[name])[:3] for name in ("sdk", "base")},
            "curve": curve,
            "cost": {name: _cost(one) for name, one in it.collectors.items()},
            "in_process": {
                "ids": _in_the_sdk(ids, distinct=True),
                "statuses": _in_the_sdk(ids, distinct=False),
            },
            **_what_the_limit_destroys(it),
            **_processes(it),
            "refused": it.tee.refused,
        }


def _point(ids: int, seen: Snapshot) -> list[int]:
    return [ids, *(len(seen[name]) for name in ("base", "exploded", "limited"))]


def _cost(collector: Watched) -> dict[str, int]:
    return {"bytes": len(collector.page().encode()), "mebibytes": collector.mebibytes()}


def _in_the_sdk(orders: int, *, distinct: bool) -> dict[str, int]:
    """What a counter becomes in the process itself if each order is counted under its id, or by status."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    counter = provider.get_meter("practice").create_counter("shop.orders")
    for _ in range(orders):
        counter.add(1, {"shop.order.id": str(uuid4())} if distinct else {"shop.order.status": "confirmed"})
    found: Any = reader.get_metrics_data()
    points = found.resource_metrics[0].scope_metrics[0].metrics[0].data.data_points
    sent = encode_metrics(found).SerializeToString()
    provider.shutdown()
    return {"points": len(points), "bytes": len(sent)}


def _what_the_limit_destroys(it: Rig) -> dict[str, Any]:
    """The first declined orders come when the limit has been reached: who sees their red spans?"""
    for _ in range(LATE):
        assert it.shop.order(method=DECLINED) == 402
    it.settle()
    red = {"span_name": "processPayment", "status_code": "STATUS_CODE_ERROR"}
    limited = it.limited
    return {
        "declined": {"placed": LATE}
        | {name: getattr(it, name).calls(**red) for name in ("base", "exploded", "limited")},
        "limited": {
            "orders": it.shop.placed,
            "named": limited.calls(span_name="processOrder"),
            "calls": limited.calls(job="spanshop/order"),
            "nameless": limited.calls(job="spanshop/order", otel_metric_overflow="true"),
        },
    }


def _processes(it: Rig) -> dict[str, Any]:
    """Restart order; then let two processes of it run at a time, each with orders of its own."""
    before, confirmed = it.seen(), _confirmed(it.processes)
    it.shop.stop_order()
    with it.shop.another_order(it.directory / "again") as again:
        _place(again, 1)
        eventually(lambda: _agree(_confirmed(it.base), 1), seconds=30)
        after = it.seen()
        with it.shop.another_order(it.directory / "beside") as beside:
            _place(again, 9)
            _place(beside, 5)
            eventually(lambda: _agree(_confirmed(it.processes) - confirmed, 15), seconds=30)
            together = {
                "placed": 15,
                "base": _confirmed(it.base),
                "processes": _confirmed(it.processes) - confirmed,
            }
    return {
        "restart": {name: [len(before[name]), len(after[name])] for name in ("base", "processes")},
        "together": together,
    }


def _confirmed(collector: Watched) -> int:
    return collector.sum("shop_orders_total", shop_order_status="confirmed")


def _place(order: ServiceProcess, orders: int) -> None:
    for _ in range(orders):
        assert order.client.post("/orders", json=new_order()).status_code == 201


def _agree(seen: int, wanted: int) -> None:
    assert seen == wanted
