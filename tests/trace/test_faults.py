"""Every row of docs/faults.md: on, the fault does what the row says and nothing else; off, nothing.

A flag without a case in fault_cases.py fails.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.contract import CONTRACT
from tests.support import ShopInProcess, SpanMemory, eventually
from tools.faults import definitions, switch, switching
from tools.tracecheck import Trace

from .fault_cases import CASES, CONFIRMED, GLOBAL, GOLD, SILVER, Case
from .fault_signs import CHARGE, RESERVE, acts, gaps, mongodb, struck_once

FLAGS = definitions()
LISTED = {attribute["name"] for attribute in CONTRACT["attributes"]}
SEAT, OTHER_SEAT, NO_SEAT = {"baggage": "shop.seat=seat-7"}, {"baggage": "shop.seat=seat-8"}, {}


class Switches:
    """The flag file of the services in this process."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def turn(self, flag: str, variant: str, seat: str | None = None) -> None:
        with switching(self._file) as flags:
            switch(flags[flag], variant, seat)


@pytest.fixture(scope="module")
def settled(shop: ShopInProcess) -> Iterator[None]:
    """What the faults left pending is settled before the next module's tests."""
    yield
    shop.mend()


@pytest.fixture
def switches(tmp_path: Path, settled: None, shop: ShopInProcess) -> Iterator[Switches]:
    shop.mend()  # recovery of what the test before left pending would meet this one's fault
    os.environ["FAULTS_FILE"] = str(tmp_path / "faults.json")  # the services look it up at each request
    yield Switches(tmp_path / "faults.json")
    del os.environ["FAULTS_FILE"]


def test_every_flag_has_a_case() -> None:
    variants = {(name, variant) for name, flag in FLAGS.items() for variant in flag["variants"]}
    cases = {(case.flag, case.variant) for case in CASES}
    assert {(name, variant) for name, variant in variants if name not in GLOBAL and variant != "off"} == cases
    assert {name for name, flag in FLAGS.items() if flag["metadata"]["scope"] == "global"} == GLOBAL


def assert_untouched(case: Case, shop: ShopInProcess, spans: SpanMemory, headers: dict[str, str]) -> None:
    """The order goes as if there were no faults, as quickly too, a hiccup of this machine aside."""

    def look() -> None:
        answer = shop.place(case.body, **headers)
        assert answer.status_code == 201
        trace = spans.trace(answer).connected().is_tree(case.usually)
        assert acts(trace) == {}
        assert max(gaps(trace, RESERVE) + gaps(trace, CHARGE)) < 300
        assert max(span.milliseconds for span in mongodb(trace)) < 100

    eventually(look)


def assert_acts(case: Case, shop: ShopInProcess, spans: SpanMemory, headers: dict[str, str]) -> None:
    while True:
        answer = shop.place(case.body, **headers)
        if not case.by_chance or (answer.status_code == case.status and struck_once(spans.trace(answer))):
            break
    assert answer.status_code == case.status
    eventually(lambda: assert_shows(case, spans.trace(answer)))  # a server goes on after its caller gave up


def assert_shows(case: Case, trace: Trace) -> None:
    trace.connected()
    if case.tree:
        trace.is_tree(case.tree)
    found = acts(trace)
    assert set().union(*found.values()) == {(case.flag, case.variant, "flag-file")}
    assert found.keys() == case.on or (case.by_chance and found.keys() <= case.on)
    assert not [span.line() for span in trace.spans if not set(span.attributes) <= LISTED]
    case.check(trace)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.flag}: {case.variant}")
def test_fault_of_a_seat_is_seen_by_this_seat_alone(
    case: Case, shop: ShopInProcess, spans: SpanMemory, switches: Switches
) -> None:
    switches.turn(case.flag, case.variant, "seat-7")
    assert_acts(case, shop, spans, SEAT)
    assert_untouched(case, shop, spans, OTHER_SEAT)
    assert_untouched(case, shop, spans, NO_SEAT)
    switches.turn(case.flag, "off", "seat-7")
    assert_untouched(case, shop, spans, SEAT)


@pytest.mark.parametrize("case", [case for case in CASES if case.variant == "on"], ids=lambda case: case.flag)
def test_fault_for_everybody_needs_no_seat(
    case: Case, shop: ShopInProcess, spans: SpanMemory, switches: Switches
) -> None:
    switches.turn(case.flag, "on")
    assert_acts(case, shop, spans, NO_SEAT)
    switches.turn(case.flag, "off")
    assert_untouched(case, shop, spans, NO_SEAT)


def test_pool_of_one_makes_orders_wait_for_each_other_and_nobody_else(
    shop: ShopInProcess, spans: SpanMemory, switches: Switches
) -> None:
    alone = Case("inventory-pool-of-one", "on", {RESERVE})
    switches.turn(alone.flag, "on")
    assert_acts(alone, shop, spans, NO_SEAT)
    waits = reservation_gaps(4, shop, spans)
    # Each waits 100 ms for every one before it, less what it came later.
    assert all(wait >= 100 * before - 60 for before, wait in enumerate(waits)), waits
    switches.turn(alone.flag, "off")
    assert_untouched(alone, shop, spans, NO_SEAT)
    eventually(lambda: all_below(100, reservation_gaps(4, shop, spans)))


def reservation_gaps(count: int, shop: ShopInProcess, spans: SpanMemory) -> list[float]:
    """Place so many orders at once; return the gaps before their first MongoDB span, the shortest first."""
    with ThreadPoolExecutor(count) as pool:
        answers = list(pool.map(lambda _: shop.place(), range(count)))
    assert [answer.status_code for answer in answers] == [201] * count
    found = [spans.trace(answer).is_tree(CONFIRMED) for answer in answers]
    assert max(gap for trace in found for gap in gaps(trace, CHARGE)) < 100
    return sorted(gap for trace in found for gap in gaps(trace, RESERVE))


def all_below(limit: float, found: list[float]) -> None:
    assert max(found) < limit


def test_customers_of_another_tier_are_not_declined(
    shop: ShopInProcess, spans: SpanMemory, switches: Switches
) -> None:
    switches.turn("payment-declines-tier", "on")
    declined = shop.place(GOLD).json()
    assert_untouched(Case("payment-declines-tier", "on", set(), body=SILVER), shop, spans, NO_SEAT)
    switches.turn("payment-declines-tier", "off")
    stored = shop.payment.get(f"/payments/{declined['order_id']}").json()
    assert stored["status"] == "declined"  # decided, not only said


@pytest.mark.parametrize("name", ["payment", "inventory"])
def test_lost_answer_of_an_undoing_step_leaves_it_done(
    shop: ShopInProcess, switches: Switches, name: str
) -> None:
    order = shop.place().json()
    switches.turn("lost-response", "always", "seat-7")
    client, path = {
        "payment": (shop.payment, f"/payments/{order['id']}"),
        "inventory": (shop.inventory, f"/reservations/{order['id']}"),
    }[name]
    before = shop.stock("lamp")
    with pytest.raises(httpx.ReadTimeout):
        client.delete(path, headers=SEAT, timeout=1)
    if name == "payment":
        assert client.get(path).json()["status"] == "voided"
    else:
        assert shop.stock("lamp")["reserved"] == before["reserved"] - 1
    assert client.delete(path).elapsed.total_seconds() < 1
