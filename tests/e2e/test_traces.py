"""Orders through the running system, each trace read back from Jaeger by its id and held to the contract."""

import uuid
from typing import Any

import httpx
import pytest

from tests.contract import CONTRACT
from tests.e2e.conftest import Stack
from tests.support import DECLINED, new_order, trace_id_of

TREES = CONTRACT["trees"]
RESOURCE = {attribute["name"] for attribute in CONTRACT["resource"]}


def place(stack: Stack, body: dict[str, Any], **headers: str) -> httpx.Response:
    with stack.order as client:
        return client.post("/orders", json=body, headers={k.replace("_", "-"): v for k, v in headers.items()})


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("confirmed", 201, new_order()),
        ("out of stock", 409, new_order("unicorn")),
        ("declined", 402, new_order("lamp", 1, DECLINED)),
    ],
)
def test_order_of_every_kind_leaves_the_trace_of_the_contract(
    stack: Stack, kind: str, status: int, body: dict[str, Any]
) -> None:
    answer = place(stack, body)
    assert answer.status_code == status
    trace = stack.jaeger.eventually(trace_id_of(answer), lambda trace: trace.is_tree(TREES[kind]))
    trace.connected()
    listed = {attribute["name"] for attribute in CONTRACT["attributes"]}
    for span in trace.spans:
        assert set(span.attributes) <= listed, span.line()
        assert set(span.resource) == RESOURCE, span.line()


def test_replay_leaves_a_trace_of_two_spans(stack: Stack) -> None:
    key = str(uuid.uuid4())
    first, again = (place(stack, new_order(), idempotency_key=key) for _ in range(2))
    stack.jaeger.eventually(trace_id_of(again), lambda trace: trace.is_tree(TREES["replayed"]))
    assert again.json()["trace_id"] == trace_id_of(first)


def test_what_a_client_does_not_want_sampled_is_not_stored(stack: Stack) -> None:
    unwanted = f"{uuid.uuid4().hex}"
    answer = place(stack, new_order(), traceparent=f"00-{unwanted}-00f067aa0ba902b7-00")
    assert (answer.status_code, trace_id_of(answer)) == (201, unwanted)
    later = place(stack, new_order())
    stack.jaeger.eventually(trace_id_of(later), lambda trace: trace.is_tree(TREES["confirmed"]))
    assert stack.jaeger.trace(unwanted).spans == []


def test_jaeger_knows_the_three_services_and_nobody_else(stack: Stack) -> None:
    answer = place(stack, new_order())
    stack.jaeger.eventually(trace_id_of(answer), lambda trace: trace.is_tree(TREES["confirmed"]))
    assert sorted(stack.jaeger.services()) == ["inventory", "order", "payment"]


def test_traces_survive_a_restart_of_jaeger(stack: Stack) -> None:
    answer = place(stack, new_order())
    stack.jaeger.eventually(trace_id_of(answer), lambda trace: trace.is_tree(TREES["confirmed"]))
    restart = stack.run("deploy.native.native", "restart", "jaeger")
    assert restart.returncode == 0, restart.stdout + restart.stderr
    stack.jaeger.eventually(trace_id_of(answer), lambda trace: trace.is_tree(TREES["confirmed"]))
