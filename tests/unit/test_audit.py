"""The audit finds each thing that must not be, and nothing where all is well."""

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tools.audit import Report, audited, judge, text
from tools.invariants import RULES, Books

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Shop = dict[str, list[dict[str, Any]]]


def an_order(name: str, status: str, quantity: int = 2, **more: Any) -> dict[str, Any]:
    return {
        "_id": name,
        "status": status,
        "lines": [{"sku": "lamp", "quantity": quantity}],
        "total_minor": 100 * quantity,
        "idempotency_key": f"key of {name}",
        "created_at": NOW - timedelta(seconds=5),
    } | more


def a_reservation(name: str, state: str, quantity: int = 2) -> dict[str, Any]:
    return {"_id": name, "state": state, "lines": [{"sku": "lamp", "quantity": quantity}]}


def a_payment(name: str, status: str = "captured", amount: int = 200, **more: Any) -> dict[str, Any]:
    return {"_id": name, "status": status, "amount_minor": amount, "currency": "EUR"} | more


SHOP: Shop = {
    "orders": [an_order("good", "confirmed"), an_order("bad", "rejected"), an_order("none", "rejected")],
    "stock": [{"_id": "lamp", "available": 8, "reserved": 2, "received": 10}],
    "reservations": [a_reservation("good", "held"), a_reservation("bad", "released")],
    "payments": [a_payment("good"), a_payment("bad", "declined")],
}


def audit(shop: Shop, *acknowledged: str, now: datetime = NOW) -> Report:
    books = Books(**shop, acknowledged=frozenset(acknowledged))
    return judge(books, books, now)


@pytest.fixture
def shop() -> Shop:
    return copy.deepcopy(SHOP)


def test_sound_books_hold(shop: Shop) -> None:
    report = audit(shop, "good")
    assert (report.violations, report.holds) == ([], True)
    assert report.counts["orders rejected"] == 2
    assert "PASSED" in text(report)


def change(where: str, number: int, **fields: Any) -> Callable[[Shop], object]:
    return lambda shop: shop[where][number].update(fields)


def add(where: str, document: dict[str, Any]) -> Callable[[Shop], object]:
    return lambda shop: shop[where].append(document)


@pytest.mark.parametrize(
    ("wrong", "rules"),
    [
        (change("stock", 0, available=7), {"every piece is somewhere"}),
        (
            change("stock", 0, available=-1, reserved=11),
            {"every piece is somewhere", "reserved is what is held", "reserved is what is ordered"},
        ),
        (
            change("stock", 0, available=6, reserved=4),
            {"reserved is what is held", "reserved is what is ordered"},
        ),
        (
            change("reservations", 0, lines=[{"sku": "lamp", "quantity": 1}]),
            {"reserved is what is held"},
        ),
        (
            change("reservations", 0, lines=[{"sku": "unknown", "quantity": 2}]),
            {"reserved is what is held"},
        ),
        (change("orders", 0, lines=[{"sku": "lamp", "quantity": 3}]), {"reserved is what is ordered"}),
        (
            change("reservations", 0, state="released"),
            {"reserved is what is held", "confirmed order has its goods"},
        ),
        (
            change("reservations", 1, state="held"),
            {"reserved is what is held", "goods are held for an order that wants them"},
        ),
        (
            add("reservations", a_reservation("nobody", "held", 0)),
            {"goods are held for an order that wants them"},
        ),
        (
            add("payments", a_payment("another id", order_id="good", amount=0)),
            {"order is charged at most once"},
        ),
        (change("payments", 0, status="declined"), {"confirmed order is paid in full"}),
        (change("payments", 0, amount_minor=199), {"confirmed order is paid in full"}),
        (change("payments", 1, status="captured"), {"money is taken for an order that is wanted"}),
        (add("payments", a_payment("nobody")), {"money is taken for an order that is wanted"}),
        (change("orders", 2, idempotency_key="key of bad"), {"key makes one order"}),
    ],
)
def test_what_must_not_be_is_found(shop: Shop, wrong: Callable[[Shop], object], rules: set[str]) -> None:
    wrong(shop)
    report = audit(shop)
    assert {violation.rule for violation in report.violations} == rules
    assert not report.holds
    assert "FAILED" in text(report)


@pytest.mark.parametrize("lost", ["bad", "nobody"])
def test_acknowledged_order_that_is_not_confirmed_is_found(shop: Shop, lost: str) -> None:
    (violation,) = audit(shop, "good", lost).violations
    assert (violation.rule, violation.about) == ("acknowledged order stays confirmed", lost)


def test_every_rule_was_seen_broken_here() -> None:
    cases = test_what_must_not_be_is_found.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {*RULES} == {rule for _, rules in cases for rule in rules} | {"acknowledged order stays confirmed"}


def test_pending_order_is_not_quiet_and_after_the_bound_stuck(shop: Shop) -> None:
    shop["orders"][0]["status"] = "pending"
    report = audit(shop)
    assert (report.violations, report.pending, report.stuck) == ([], ["good"], [])
    assert not report.holds
    assert "NOT QUIET" in text(report)
    assert audit(shop, now=NOW + timedelta(seconds=25)).stuck == ["good"]


@pytest.mark.parametrize("state", ["holding", "refusing", "releasing", "cancelling"])
@pytest.mark.parametrize("moved", [0, 1, 2])
def test_work_under_way_may_have_moved_its_pieces_or_not(shop: Shop, state: str, moved: int) -> None:
    shop["orders"].append(an_order("new", "pending"))
    shop["reservations"].append(a_reservation("new", state))
    shop["stock"][0] |= {"available": 8 - moved, "reserved": 2 + moved}
    report = audit(shop)
    assert (report.violations, report.unfinished) == ([], ["new"])
    assert not report.quiet


def test_work_under_way_does_not_excuse_more_than_its_pieces(shop: Shop) -> None:
    shop["orders"].append(an_order("new", "pending"))
    shop["reservations"].append(a_reservation("new", "holding"))
    shop["stock"][0] |= {"available": 5, "reserved": 5}
    assert len(audit(shop).violations) == 2


def test_pending_order_may_hold_its_goods_and_its_money(shop: Shop) -> None:
    shop["orders"].append(an_order("new", "pending"))
    shop["reservations"].append(a_reservation("new", "held"))
    shop["payments"].append(a_payment("new"))
    shop["stock"][0] |= {"available": 6, "reserved": 4}
    assert audit(shop).violations == []


def readings(*shops: Shop) -> Callable[[], Books]:
    """What the audit reads, one time after the other."""
    books = iter([Books(**shop) for shop in shops])
    return lambda: next(books)


def read_while_it_was_settled(shop: Shop, name: str) -> Shop:
    """The charges were read before this order was charged, the orders after it was confirmed."""
    return shop | {"payments": [each for each in shop["payments"] if each["_id"] != name]}


def test_order_settled_while_the_audit_reads_is_not_called_unpaid(shop: Shop) -> None:
    torn = read_while_it_was_settled(shop, "good")
    report = audited(readings(torn, shop))
    assert (report.holds, report.violations) == (True, [])


def test_order_made_and_settled_while_the_audit_reads_again_is_waited_for(shop: Shop) -> None:
    before = shop | {"orders": [order for order in shop["orders"] if order["_id"] != "good"]}
    torn = read_while_it_was_settled(shop, "good")
    report = audited(readings(before, torn))
    assert (report.quiet, report.pending) == (False, ["good"])
    assert "NOT QUIET" in text(report)
    assert audited(readings(before, torn, shop), wait=10).holds


def test_unpaid_order_that_was_settled_before_is_found(shop: Shop) -> None:
    shop["payments"].pop(0)
    (violation,) = audited(readings(shop, shop), wait=10).violations
    assert violation.rule == "confirmed order is paid in full"
