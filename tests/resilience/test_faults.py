"""`make fault` on a running system: Jaeger shows it on the seat's order; nothing is lost or charged twice."""

import httpx

from tests.e2e.conftest import Stack
from tests.support import new_order, trace_id_of
from tools.tracecheck import NotYet, Trace

CHARGE = "POST /payments"


def place(stack: Stack, seat: str) -> httpx.Response:
    with stack.order as client:
        return client.post("/orders", json=new_order(), headers={"baggage": f"shop.seat={seat}"})


def slow(trace: Trace) -> None:
    says = {"feature_flag__key": "payment-slow", "feature_flag__result__variant": "on"}
    span = trace.connected().span(CHARGE).has(**says, feature_flag__provider__name="flag-file").raw
    if span.milliseconds < 300:
        raise NotYet(f"{CHARGE} took {span.milliseconds} ms only")


def as_ever(trace: Trace) -> None:
    trace.connected().span(CHARGE).has(feature_flag__key=None)


def make_fault(stack: Stack, *arguments: str) -> str:
    done = stack.run("tools.fault", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_fault_switched_while_the_system_runs_is_seen_in_jaeger_by_its_seat_alone(stack: Stack) -> None:
    try:
        assert "seat-7: on (300)" in make_fault(stack, "--name", "payment-slow", "--seat", "seat-7")
        assert "seat-7: on" in stack.run("tools.faults").stdout
        for seat, check in (("seat-7", slow), ("seat-8", as_ever)):
            stack.jaeger.eventually(trace_id_of(place(stack, seat)), check)
        make_fault(stack, "--name", "payment-slow", "--off")
        stack.jaeger.eventually(trace_id_of(place(stack, "seat-7")), as_ever)
    finally:
        make_fault(stack, "--off")


def test_orders_that_meet_every_fault_at_once_are_settled_and_charged_once(stack: Stack) -> None:
    try:
        for flag in ("payment-slow", "payment-fails", "lost-response", "inventory-slow", "mongo-slow"):
            make_fault(stack, "--name", flag)
        make_fault(stack, "--name", "inventory-n-plus-one", "--seat", "seat-7")
        make_fault(stack, "--name", "inventory-pool-of-one")
        statuses = {place(stack, "seat-7").status_code for _ in range(8)}
        assert statuses <= {201, 202}
    finally:
        make_fault(stack, "--off")
    audit = stack.run("tools.audit", "--wait", "40")
    assert audit.returncode == 0, audit.stdout
