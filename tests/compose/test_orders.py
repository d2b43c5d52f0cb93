"""Orders of every kind through the containers, each trace read back from Jaeger and held to the contract."""

import uuid
from typing import Any

import httpx
import pytest

from tests.contract import CONTRACT
from tests.support import DECLINED, eventually, new_order, trace_id_of

from .project import Project

TREES = CONTRACT["trees"]
LISTED = {attribute["name"] for attribute in CONTRACT["attributes"]}
RESOURCE = {attribute["name"] for attribute in CONTRACT["resource"]}


def place(project: Project, body: dict[str, Any], **headers: str) -> httpx.Response:
    with project.order as client:
        return client.post("/orders", json=body, headers={k.replace("_", "-"): v for k, v in headers.items()})


def settled(project: Project, body: dict[str, Any], status: int) -> httpx.Response:
    """An order with that outcome; a busy machine may exceed a step's 1 s, then it is another order's turn."""

    def look() -> httpx.Response:
        answer = place(project, body)
        assert answer.status_code == status, answer.text
        return answer

    return eventually(look, seconds=30)


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("confirmed", 201, new_order()),
        ("out of stock", 409, new_order("unicorn")),
        ("declined", 402, new_order("lamp", 1, DECLINED)),
    ],
)
def test_order_of_every_kind_leaves_the_trace_of_the_contract(
    project: Project, kind: str, status: int, body: dict[str, Any]
) -> None:
    answer = settled(project, body, status)
    trace = project.jaeger.eventually(trace_id_of(answer), lambda t: t.is_tree(TREES[kind]), seconds=30)
    trace.connected()
    for span in trace.spans:
        assert set(span.attributes) <= LISTED, span.line()
        assert set(span.resource) == RESOURCE, span.line()
        assert span.resource["deployment.environment.name"] == "compose"


def test_replay_leaves_a_trace_of_two_spans(project: Project) -> None:
    key = str(uuid.uuid4())
    first, again = (place(project, new_order(), idempotency_key=key) for _ in range(2))
    project.jaeger.eventually(trace_id_of(again), lambda t: t.is_tree(TREES["replayed"]), seconds=30)
    assert again.json()["trace_id"] == trace_id_of(first)


def test_order_without_payment_service_stays_pending_and_its_trace_says_so(project: Project) -> None:
    project.compose("docker compose stop payment", "stop", "payment")
    try:
        answer = place(project, new_order())
        assert answer.status_code == 202, answer.text
        project.jaeger.eventually(trace_id_of(answer), lambda t: t.is_tree(TREES["pending"]), seconds=30)
    finally:
        project.up("docker compose up --wait, payment again")


def test_jaeger_knows_the_three_services_and_nobody_else(project: Project) -> None:
    assert sorted(project.jaeger.services()) == ["inventory", "order", "payment"]
