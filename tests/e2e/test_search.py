"""Finding a trace again by what is on its spans, in the running system; and what stands on each of them."""

import uuid
from importlib.metadata import version

import httpx
import pytest

from tests.contract import CONTRACT
from tests.e2e.conftest import ROOT, Stack
from tests.support import eventually, new_order, trace_id_of
from tools.jaeger_internal import Search

SEAT = "seat-search"


def place(stack: Stack, **headers: str) -> httpx.Response:
    with stack.order as client:
        return client.post("/orders", json=new_order(), headers=headers)


def found(stack: Stack, count: int, operation: str | None = None, **attributes: str) -> list[str]:
    """The traces of a search, once there are so many of them."""

    def look() -> list[str]:
        traces = Search(stack.url("JAEGER")).trace_ids("order", operation, **attributes)
        assert len(traces) == count
        return traces

    return eventually(look, seconds=20)


def test_search_by_order_id_finds_exactly_its_trace(stack: Stack) -> None:
    answer, other = place(stack), place(stack)
    assert found(stack, 1, shop__order__id=answer.json()["id"]) == [trace_id_of(answer)]
    assert found(stack, 1, shop__order__id=other.json()["id"]) == [trace_id_of(other)]
    assert found(stack, 0, shop__order__id=str(uuid.uuid4())) == []


def test_search_finds_the_recoveries_of_an_order_too_unless_it_asks_for_process_order(stack: Stack) -> None:
    """Who looks for an order wants to see those as well: they are why it took so long."""
    try:
        stack.run("tools.fault", "--name", "payment-fails", "--variant", "always", "--seat", SEAT)
        answer = place(stack, baggage=f"shop.seat={SEAT}")
    finally:
        stack.run("tools.fault", "--off")
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    order_id, trace_id = answer.json()["id"], trace_id_of(answer)
    recovered = found(stack, 1, "recoverOrder", shop__order__id=order_id, shop__order__status="confirmed")
    assert found(stack, 1, "processOrder", shop__order__id=order_id) == [trace_id]
    assert set(found(stack, 2, shop__order__id=order_id)) == {trace_id, *recovered}
    first = stack.jaeger.trace(trace_id).span("processOrder")
    stack.jaeger.trace(recovered[0]).span("recoverOrder").links_to(first.raw)


@pytest.mark.parametrize("service", ["order", "inventory", "payment"])
def test_resource_says_who_which_release_which_process_and_where(stack: Stack, service: str) -> None:
    answer = place(stack)
    trace = stack.jaeger.eventually(
        trace_id_of(answer), lambda trace: trace.services("order", "inventory", "payment")
    )
    resources = {span.service: span.resource for span in trace.spans}
    resource = resources[service]
    assert set(resource) == {attribute["name"] for attribute in CONTRACT["resource"]}
    assert all(isinstance(value, str) for value in resource.values())
    assert resource["service.namespace"] == "spanshop"
    assert f'version = "{resource["service.version"]}"' in (ROOT / "pyproject.toml").read_text()
    assert resource["deployment.environment.name"] == "local"
    assert resource["telemetry.sdk.version"] == version("opentelemetry-sdk")
    instances = {each["service.instance.id"] for each in resources.values()}
    assert len({str(uuid.UUID(each)) for each in instances}) == 3  # one per process, made at random
