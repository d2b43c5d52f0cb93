"""The metrics that leave the Collector: the shop's own, HTTP's, those made of spans; labels are bounded."""

import re
import uuid

import httpx

from tests.e2e.conftest import Stack
from tests.support import eventually, new_order

OPEN_METRICS = "application/openmetrics-text; version=1.0.0"


def exported(stack: Stack, form: str = "text/plain") -> str:
    url = stack.url("COLLECTOR_EXPORTED_METRICS") + "/metrics"
    return httpx.get(url, headers={"accept": form}, timeout=10).text


def test_orders_are_counted_by_status(stack: Stack) -> None:
    with stack.order as client:
        client.post("/orders", json=new_order())
        client.post("/orders", json=new_order("unicorn"))

    def counted() -> None:
        text = exported(stack)
        for status in ("confirmed", "rejected"):
            assert re.search(rf'shop_orders_total{{[^}}]*shop_order_status="{status}"[^}}]*}} [1-9]', text)
        assert "http_server_request_duration_seconds_bucket" in text
        assert "http_client_request_duration_seconds_bucket" in text
        assert "traces_span_metrics_calls_total" in text

    eventually(counted, seconds=25)


def test_many_ids_make_no_new_series(stack: Stack) -> None:
    before: set[str] = set()
    with stack.order as client:
        for count, at_least in ((5, 5), (200, 205)):
            for _ in range(count):
                client.get(f"/orders/{uuid.uuid4()}")
            eventually(lambda least=at_least: _counted(stack, least), seconds=25)  # type: ignore[misc]
            before = before or _series_of_the_route(stack)
    assert _series_of_the_route(stack) == before


def test_every_exemplar_leads_to_a_stored_trace(stack: Stack) -> None:
    """Those of the services' own metrics and those of the metrics made of spans."""

    def followed() -> None:
        with stack.order as client:  # each time: an export of metrics that nothing has happened to has none
            client.post("/orders", json=new_order())
        found = re.findall(r'(?m)^(\w+)\{.*# \{.*?trace_id="([0-9a-f]{32})"', exported(stack, OPEN_METRICS))
        assert {name.startswith("traces_span_metrics") for name, _ in found} == {True, False}
        lost = {trace_id for _, trace_id in found if not stack.jaeger.trace(trace_id).spans}
        assert not lost

    eventually(followed, seconds=25)


def _series_of_the_route(stack: Stack) -> set[str]:
    lines = [line.rpartition(" ")[0] for line in exported(stack).splitlines()]
    return {line.split(" # ")[0] for line in lines if 'http_route="/orders/{order_id}"' in line}


def _counted(stack: Stack, least: int) -> None:
    """The application's own metric and the one made of spans have both seen so many requests."""
    for metric in ("http_server_request_duration_seconds_count", "traces_span_metrics_calls_total"):
        lines = [line.split(" # ")[0] for line in exported(stack).splitlines() if line.startswith(metric)]
        of_route = [line for line in lines if 'http_route="/orders/{order_id}"' in line]
        assert sum(float(line.rpartition(" ")[2]) for line in of_route) >= least, metric


def test_restart_of_a_service_makes_no_new_series(stack: Stack) -> None:
    """The id of a process is no label of a metric: else every restart would leave a set of dead series."""
    with stack.order as client:
        for _ in range(6):
            client.post("/orders", json=new_order())
    eventually(lambda: _charges(stack, at_least=6), seconds=25)
    before = _series_of_payment(stack)
    restart = stack.run("deploy.native.native", "restart", "payment")
    assert restart.returncode == 0, restart.stdout + restart.stderr
    with stack.order as client:
        client.post("/orders", json=new_order())
    eventually(lambda: _charges(stack, at_least=1, at_most=5), seconds=25)  # the new process counts from zero
    assert _series_of_payment(stack) == before


def _series_of_payment(stack: Stack) -> set[str]:
    lines = [line.split(" # ")[0].rpartition(" ")[0] for line in exported(stack).splitlines()]
    return {line for line in lines if 'job="spanshop/payment"' in line}


def _charges(stack: Stack, at_least: float, at_most: float = 1e9) -> None:
    lines = [
        line.split(" # ")[0] for line in exported(stack).splitlines() if 'http_route="/payments"' in line
    ]
    counts = [line for line in lines if line.startswith("http_server_request_duration_seconds_count")]
    assert at_least <= sum(float(line.rpartition(" ")[2]) for line in counts) <= at_most, counts
