"""The set-up in a real process: what is exported, when it is lost, and that a broken one is seen."""

import json
import signal
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymongo
import pytest
from chassis.encoding import encode_spans
from opentelemetry.exporter.otlp.proto.http import trace_exporter

from tests.contract import CONTRACT
from tests.receiver import Receiver
from tests.resilience.otlp_sink import CountingSink
from tests.sink import ServiceProcess, Sink
from tests.support import MongoServer, ShopInProcess, eventually, free_ports, new_order, trace_id_of

ZERO_CODE = str(Path(sys.executable).with_name("opentelemetry-instrument"))
METRICS = {metric["name"]: set(metric["dimensions"]) for metric in CONTRACT["metrics"]}


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as running:
        yield running


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_stopped_service_sends_its_last_spans_and_metrics(
    shop: ShopInProcess, sink: Sink, tmp_path: Path, how: signal.Signals
) -> None:
    with ServiceProcess("order", tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=sink.url) as order:
        answer = order.client.post("/orders", json=new_order())
        assert answer.status_code == 201
        assert sink.spans == []
        order.stop(how)
    names = {name for service, name, trace_id in sink.spans if trace_id == trace_id_of(answer)}
    assert {"POST /orders", "processOrder", "order.insert", "PUT", "POST", "order.update"} <= names
    assert {"shop.orders", "http.server.request.duration", "http.client.request.duration"} <= set(sink.points)
    assert sink.points["shop.orders"] == [{"shop.order.status": "confirmed"}]


def test_service_that_does_not_end_is_killed_and_its_log_shown(tmp_path: Path) -> None:
    with ServiceProcess("payment", tmp_path) as payment:
        with pytest.raises(AssertionError, match=r"(?s)payment did not end within 0.5 s:\n.*Uvicorn running"):
            payment.stop(signal.SIGWINCH, seconds=0.5)  # a signal that nobody ends of
        assert payment.process.returncode == -signal.SIGKILL


def test_every_metric_and_dimension_is_listed(shop: ShopInProcess, sink: Sink, tmp_path: Path) -> None:
    often = {"OTEL_EXPORTER_OTLP_ENDPOINT": sink.url, "OTEL_METRIC_EXPORT_INTERVAL": "500"}
    with ServiceProcess("order", tmp_path, **often) as order:
        for body in (new_order(), new_order("unicorn"), {}, new_order(payment_method="pm_card_declined")):
            order.client.post("/orders", json=body)
        order.client.get(f"/orders/{uuid.uuid4()}")
        order.client.get(f"/nobody/serves/{uuid.uuid4()}")
        shop.to_payment.cut()
        order.client.post("/orders", json=new_order())
        eventually(lambda: _recovered(sink), seconds=30)
        shop.mend()
    for name, points in sink.points.items():
        assert name in METRICS, f"metric {name} is not in docs/telemetry.yaml"
        for attributes in points:
            assert set(attributes) <= METRICS[name], name
    assert set(METRICS) == set(sink.points)


@pytest.mark.parametrize("name", ["inventory", "order"])
def test_idle_service_leaves_no_spans(shop: ShopInProcess, sink: Sink, tmp_path: Path, name: str) -> None:
    """Seeding, indexes, pings, polling and health are not what anybody looks for in Jaeger."""
    with ServiceProcess(name, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=sink.url) as service:
        eventually(lambda: _ready(service))
        service.client.get("/healthz")
    assert sink.spans == []
    assert name != "order" or "shop.orders.overdue" in sink.points  # recovery has looked for work meanwhile


def _recovered(sink: Sink) -> None:
    assert {"shop.recoveries", "shop.compensations"} <= set(sink.points)


def _ready(service: ServiceProcess) -> None:
    assert service.client.get("/readyz").status_code == 200


def test_first_start_places_one_order_of_its_own(shop: ShopInProcess, sink: Sink, tmp_path: Path) -> None:
    """What inventory and payment are asked is theirs to show; here it is order's part, and only once."""
    empty = MongoServer(tmp_path / "mongodb")
    try:
        _warm(url := empty.start())
        first = {"MONGODB_URL": url, "FIRST_ORDER": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": sink.url}
        for _ in range(2):
            with ServiceProcess("order", tmp_path, **first) as order:
                placed = eventually(lambda service=order: _orders(service), seconds=30)  # type: ignore[misc]
    finally:
        empty.stop()
    assert [each["status"] for each in placed] == ["confirmed"]
    names = [name for _, name, trace_id in sink.spans if trace_id == placed[0]["trace_id"]]
    steps = {"POST /orders", "order.find", "processOrder", "order.insert", "order.update"}
    assert set(names) == steps | {"reserveInventory", "PUT", "processPayment", "POST"}
    assert len(names) == len(set(names))


def _warm(url: str) -> None:
    """A JVM's first write may outlast the wait for it; recovery then settles the order, in another trace."""
    with pymongo.MongoClient[dict[str, Any]](url) as client:
        client["warm"]["up"].insert_one({})


def _orders(service: ServiceProcess) -> list[dict[str, Any]]:
    found = service.client.get("/orders").json().get("items")  # none while MongoDB is being found
    assert found, service.log
    assert found[0]["status"] != "pending"
    return found


def test_zero_code_run_is_traced_too(shop: ShopInProcess, sink: Sink, tmp_path: Path) -> None:
    with ServiceProcess(
        "payment", tmp_path, ZERO_CODE, sys.executable, "-m", OTEL_EXPORTER_OTLP_ENDPOINT=sink.url
    ) as payment:
        payment.client.get(f"/payments/{uuid.uuid4()}")
    assert [name for _, name, _ in sink.spans] == ["payment.find", "GET /payments/{order_id}"]


def test_exporter_of_a_service_uses_our_encoder(shop: ShopInProcess) -> None:
    assert vars(trace_exporter)["encode_spans"] is encode_spans


def test_broken_set_up_shows_in_readiness_and_not_in_answers(shop: ShopInProcess, tmp_path: Path) -> None:
    with ServiceProcess("order", tmp_path, OTEL_TRACES_EXPORTER="nonsense") as order:
        ready = order.client.get("/readyz")
        assert ready.status_code == 503
        assert "telemetry was asked for" in ready.json()["telemetry"]
        assert order.client.post("/orders", json=new_order()).status_code == 201
        assert "telemetry is NOT configured" in order.log


def test_tracing_switched_off_changes_no_answer(shop: ShopInProcess, tmp_path: Path) -> None:
    with ServiceProcess("order", tmp_path, OTEL_SDK_DISABLED="true") as order:
        assert order.client.get("/readyz").json() == {"ready": True, "mongodb": "ok", "telemetry": "ok"}
        for body, status in ((new_order(), 201), (new_order("unicorn"), 409), ({}, 422)):
            answer, traced = order.client.post("/orders", json=body), shop.place(body) if body else None
            assert answer.status_code == status
            if traced is not None:
                assert set(answer.json()) - {"trace_id"} == set(traced.json()) - {"trace_id"}


def test_collector_that_is_gone_fails_no_order(shop: ShopInProcess, tmp_path: Path) -> None:
    gone = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_BSP_SCHEDULE_DELAY": "50"}
    with ServiceProcess("order", tmp_path, **gone) as order:
        assert [order.client.post("/orders", json=new_order()).status_code for _ in range(5)] == [201] * 5


@pytest.mark.parametrize(("mib", "lost", "says"), [("", 0, "takes no spans"), ("0", 1, "Failed to export")])
def test_spans_wait_for_a_collector_that_is_gone_unless_the_spool_is_off(
    shop: ShopInProcess, tmp_path: Path, mib: str, lost: int, says: str
) -> None:
    """`lost`: traces that do not arrive whole. One batch has the whole of a trace, or two have its halves."""
    receiver = Receiver()
    gone = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.base, "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    gone |= {"OTEL_BSP_SCHEDULE_DELAY": "50", "OTEL_METRICS_EXPORTER": "none", "SPAN_SPOOL_MIB": mib}
    with ServiceProcess("payment", tmp_path, **gone) as payment:
        asked = [trace_id_of(payment.client.get(f"/payments/{uuid.uuid4()}"))]
        eventually(lambda: _says(payment, says))
        with receiver:
            asked.append(trace_id_of(payment.client.get(f"/payments/{uuid.uuid4()}")))
            payment.stop()
    whole = [trace for trace in asked if receiver.of(trace) == {"payment.find", "GET /payments/{order_id}"}]
    assert whole == asked[lost:]


def _says(service: ServiceProcess, text: str) -> None:
    assert text in service.log


def test_grpc_leaves_as_the_sdk_has_it(shop: ShopInProcess, tmp_path: Path) -> None:
    sink = CountingSink(free_ports(1)[0])
    sink.up()
    there = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{sink.endpoint}", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    try:
        with ServiceProcess("payment", tmp_path, OTEL_METRICS_EXPORTER="none", **there) as payment:
            payment.client.get(f"/payments/{uuid.uuid4()}")
            payment.stop()
        assert len(sink.copies()) == 2
    finally:
        sink.down()


def test_mongodb_that_is_gone_is_said_and_nothing_crashes(sink: Sink, tmp_path: Path) -> None:
    gone = {"MONGODB_URL": "mongodb://127.0.0.1:9", "MONGODB_TIMEOUT": "0.2"}
    with ServiceProcess("order", tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=sink.url, **gone) as order:
        ready = order.client.get("/readyz")
        assert (ready.status_code, ready.json()["telemetry"]) == (503, "ok")
        assert "MongoDB does not answer" in ready.json()["mongodb"]
        answer = order.client.post("/orders", json=new_order(), headers={"idempotency-key": "k"})
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
        assert answer.headers["retry-after"]
        assert answer.headers["traceresponse"]


def test_unsampled_order_is_counted_and_logged_with_its_trace_id(
    shop: ShopInProcess, sink: Sink, tmp_path: Path
) -> None:
    nowhere = {"PAYMENT_URL": "http://127.0.0.1:9"}  # an order that says something in the log
    with ServiceProcess(
        "order",
        tmp_path,
        OTEL_EXPORTER_OTLP_ENDPOINT=sink.url,
        OTEL_TRACES_SAMPLER="parentbased_traceidratio",
        OTEL_TRACES_SAMPLER_ARG="0",
        **nowhere,
    ) as order:
        answer = order.client.post("/orders", json=new_order())
        assert answer.status_code == 202
        lines = [json.loads(line) for line in order.log.splitlines()]
    assert sink.spans == []
    assert {"shop.order.status": "pending"} in sink.points["shop.orders"]
    pending = [line for line in lines if "stays pending" in line["message"]]
    assert [line["trace_id"] for line in pending] == [trace_id_of(answer)]
    listed = {field["name"] for field in CONTRACT["logs"]}
    assert all(set(line) <= listed for line in lines)
