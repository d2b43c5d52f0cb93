"""A learner's fault, switched in the running system with what `make fault` calls, and found in Jaeger."""

from tests.contract import CONTRACT
from tests.e2e.conftest import Stack
from tests.support import new_order, trace_id_of
from tools.tracecheck import Trace

CONFIRMED = CONTRACT["trees"]["confirmed"]
SEAT, OTHER_SEAT = {"baggage": "shop.seat=seat-7"}, {"baggage": "shop.seat=seat-8"}


def order_trace(stack: Stack, headers: dict[str, str]) -> Trace:
    with stack.order as client:
        answer = client.post("/orders", json=new_order(), headers=headers)
    assert answer.status_code == 201
    return stack.jaeger.eventually(trace_id_of(answer), lambda trace: trace.is_tree(CONFIRMED))


def keys(trace: Trace) -> dict[str, str]:
    return {
        span.name: span.attributes["feature_flag.key"]
        for span in trace.spans
        if "feature_flag.key" in span.attributes
    }


def test_fault_of_a_seat_comes_and_goes_while_everything_runs(stack: Stack) -> None:
    try:
        on = stack.run("tools.fault", "--name", "payment-slow", "--seat", "seat-7")
        assert (on.returncode, on.stderr) == (0, "")
        assert "payment-slow: seat-7: on (300)" in on.stdout
        assert "seat-7: on (300)" in stack.run("tools.faults").stdout
        slow = order_trace(stack, SEAT)
        assert keys(slow) == {"POST /payments": "payment-slow"}
        assert next(span for span in slow.spans if span.name == "POST /payments").milliseconds >= 300
        assert keys(order_trace(stack, OTHER_SEAT)) == {}
    finally:
        off = stack.run("tools.fault", "--off")
    assert (off.returncode, off.stdout) == (0, "Every fault is off.\n")
    assert "seat-7" not in stack.run("tools.faults").stdout
    assert keys(order_trace(stack, SEAT)) == {}


def test_what_cannot_be_switched_is_said(stack: Stack) -> None:
    for arguments, says in (
        (["--name", "payment-slwo"], "There are payment-slow, payment-fails"),
        (["--name", "inventory-pool-of-one", "--seat", "seat-7"], "is global"),
    ):
        done = stack.run("tools.fault", *arguments)
        assert (done.returncode, says in done.stdout + done.stderr) == (1, True)
