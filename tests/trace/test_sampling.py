"""Who decides that a trace is kept: the client or we. EDGE_TRUST_PARENT both ways, in a real process."""

import random
import uuid
from pathlib import Path

import pytest

from tests.sink import ServiceProcess, Sink
from tests.support import ShopInProcess, new_order, trace_id_of

RATIO = 0.01
BOUND = round(RATIO * 2**64)  # Python's TraceIdRatioBased: the low 64 bits of the id are below it
DICE = random.Random(1)
IDS = [f"{DICE.getrandbits(128):032x}" for _ in range(1000)]
OURS = {trace_id for trace_id in IDS if int(trace_id, 16) & (2**64 - 1) < BOUND}
SAMPLER = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": str(RATIO)}


def ask(order: ServiceProcess, flag: str) -> set[str]:
    """Send a request of each id with this flag; return the ids that `traceresponse` says are sampled."""
    sampled = set()
    for trace_id in IDS:
        headers = {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-{flag}"}
        answer = order.client.get(f"/orders/{uuid.uuid4()}", headers=headers)
        assert trace_id_of(answer) == trace_id
        if int(answer.headers["traceresponse"][-2:], 16) & 1:
            sampled.add(trace_id)
    return sampled


@pytest.mark.parametrize(
    ("trusted", "flag", "kept"),
    [
        pytest.param("true", "01", set(IDS), id="trusted, asks for all"),
        pytest.param("false", "01", OURS, id="not trusted, asks for all"),
        pytest.param("true", "00", set(), id="trusted, asks for none"),
        pytest.param("false", "00", set(), id="not trusted, asks for none"),
    ],
)
def test_thousand_requests_of_a_client_are_recorded_as_the_edge_trusts_it(
    shop: ShopInProcess, tmp_path: Path, trusted: str, flag: str, kept: set[str]
) -> None:
    assert 0 < len(OURS) <= 2 * RATIO * len(IDS)
    with Sink() as sink:
        extra = SAMPLER | {"EDGE_TRUST_PARENT": trusted, "OTEL_EXPORTER_OTLP_ENDPOINT": sink.url}
        with ServiceProcess("order", tmp_path, **extra) as order:
            said = ask(order, flag)
    assert said == kept
    recorded = {(name, trace_id) for _, name, trace_id in sink.spans}
    names = ("GET /orders/{order_id}", "order.find")
    assert recorded == {(name, trace_id) for name in names for trace_id in kept}


def test_untrusted_clients_order_that_is_kept_is_one_whole_trace_with_its_id(
    shop: ShopInProcess, tmp_path: Path
) -> None:
    all_of_them = {"OTEL_TRACES_SAMPLER": "parentbased_always_on", "EDGE_TRUST_PARENT": "false"}
    headers = {"traceparent": f"00-{IDS[0]}-00f067aa0ba902b7-01"}
    with Sink() as sink:
        extra = all_of_them | {"OTEL_EXPORTER_OTLP_ENDPOINT": sink.url}
        with ServiceProcess("order", tmp_path, **extra) as order:
            assert order.client.post("/orders", json=new_order(), headers=headers).status_code == 201
    steps = {"POST /orders", "processOrder", "reserveInventory", "PUT", "processPayment", "POST"}
    assert steps <= {name for _, name, trace_id in sink.spans if trace_id == IDS[0]}
    assert {trace_id for _, _, trace_id in sink.spans} == {IDS[0]}


def test_inside_a_caller_is_always_believed(shop: ShopInProcess, tmp_path: Path) -> None:
    """What the edge has decided holds for the whole trace, so EDGE_TRUST_PARENT means nothing here."""
    with Sink() as sink:
        extra = SAMPLER | {"EDGE_TRUST_PARENT": "false", "OTEL_EXPORTER_OTLP_ENDPOINT": sink.url}
        with ServiceProcess("payment", tmp_path, **extra) as payment:
            for trace_id in IDS[:50]:
                headers = {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}
                payment.client.get(f"/payments/{uuid.uuid4()}", headers=headers)
    assert {trace_id for _, _, trace_id in sink.spans} == set(IDS[:50])
