"""Bad networks: delay, silence, cuts and slices on every edge; nothing is lost and nobody waits for ever."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import DECLINED, eventually, new_order

from .conftest import FULL
from .driver import SKUS, Driver, Wanted, orders
from .figures import Figures
from .network_faults import (
    FAULTS,
    LATENCY,
    LIMIT,
    RESET,
    SILENCE,
    SLICES,
    SOME_RESET,
    acknowledged,
    place_under,
)
from .network_faults import figures as seen
from .proxied import COLLECTOR, INVENTORY, MONGODB, PAYMENT, ProxiedShop
from .storm import assert_all_as_wanted, settled

LONGEST = 13.0
"""Seconds any answer may take: two steps of 4 s and MongoDB's own timeouts make 12."""
AWAY, OUTAGES = (300, ["reset", "refused", "silent"]) if FULL else (110, ["reset"])
WINDOW, ORDERS = (4.0, 24) if FULL else (2.5, 10)
# Every edge and every fault at least once; FULL: each on each.
SHORT = (
    (INVENTORY, LATENCY),
    (PAYMENT, SILENCE),
    (MONGODB["order"], RESET),
    (INVENTORY, SOME_RESET),
    (PAYMENT, LIMIT),
    (MONGODB["payment"], SLICES),
    (MONGODB["inventory"], LIMIT),
)
EACH = tuple((edge, fault) for edge in (INVENTORY, PAYMENT, *MONGODB.values()) for fault in FAULTS)


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxiedShop]:
    with ProxiedShop(tmp_path_factory.mktemp("proxied"), seed=5) as running:
        yield running


@pytest.fixture
def shop(proxied: ProxiedShop) -> Iterator[ProxiedShop]:
    """The shop behind its proxies; the network is well before and after the test."""
    proxied.await_well()
    yield proxied
    proxied.toxiproxy.heal()


@pytest.mark.timeout(900)
def test_orders_under_faults_of_the_network_are_settled_and_charged_once(
    shop: ProxiedShop, figures: Figures
) -> None:
    wanted: list[Wanted] = []
    for edge, fault in EACH if FULL else SHORT:
        wanted += (these := orders(ORDERS, figures.random))
        place_under(fault, edge, shop, these, WINDOW)
    report, seconds = settled(shop, acknowledged(wanted))
    figures.say(**seen(wanted), settled_after=seconds, audit=report.counts)
    assert_all_as_wanted(shop, wanted)
    statuses = set(seen(wanted)["answers"])
    assert statuses <= {201, 202, 402, 409, 503}
    assert statuses & {202, 503}  # the faults were felt
    assert seen(wanted)["longest seconds"] <= LONGEST


def test_faults_on_the_way_to_the_collector_are_not_felt(shop: ProxiedShop, figures: Figures) -> None:
    wanted: list[Wanted] = []
    for fault in FAULTS if FULL else (SILENCE, RESET):
        wanted += (these := orders(ORDERS, figures.random))
        place_under(fault, COLLECTOR, shop, these, WINDOW)
    figures.say(**seen(wanted))
    assert_all_as_wanted(shop, wanted)
    assert set(seen(wanted)["answers"]) <= {201, 402, 409}
    assert seen(wanted)["longest seconds"] < 2  # 3 and more where an order waits for exports


@pytest.mark.parametrize("outage", OUTAGES)
def test_payment_that_is_away_is_called_about_once_per_breaker_period(
    shop: ProxiedShop, figures: Figures, outage: str
) -> None:
    """Without the circuit breaker each call would be three tries, and recovery would repeat them all."""
    seen_before = len(shop.sink.spans)
    if outage == "refused":
        shop.toxiproxy.cut(PAYMENT)
    else:
        {"reset": RESET, "silent": SILENCE}[outage].on(PAYMENT, shop)
    wanted = [Wanted("good", new_order(SKUS[number % len(SKUS)])) for number in range(AWAY)]
    driver = Driver(shop.url, rate=20)
    asyncio.run(driver.place(wanted))
    spans = eventually(lambda: spans_of_order(shop, seen_before, driver.statuses.total()))
    shop.toxiproxy.heal()
    _, seconds = settled(shop, acknowledged(wanted))
    tries, calls = spans["POST"], spans["processPayment"]
    figures.say(**seen(wanted), calls=calls, tries=tries, tries_per_call=tries / calls, settled_after=seconds)
    assert_all_as_wanted(shop, wanted)
    assert tries <= 1.1 * len(wanted)
    assert tries <= 1.1 * calls


def spans_of_order(shop: ProxiedShop, seen_before: int, requests: int) -> Counter[str]:
    """How often each span of order's came since, once those of so many requests are there."""
    names = Counter(name for service, name, _ in shop.sink.spans[seen_before:] if service == "order")
    assert names["POST /orders"] >= requests
    return names


def test_orders_in_a_network_that_goes_silent_are_answered_in_time_and_settled_later(
    shop: ProxiedShop, figures: Figures
) -> None:
    """One order has its goods when everything beyond them goes silent, the other comes when all is silent."""
    early, late = wanted = [Wanted("good", new_order("chair")), Wanted("good", new_order("chair"))]
    begun = orders_written(shop)
    shop.toxiproxy.poison(INVENTORY, "latency", latency=700)  # time to silence the others
    with ThreadPoolExecutor(1) as clients:
        posted = clients.submit(asyncio.run, Driver(shop.url, rate=1).place(wanted))
        eventually(lambda: _more_than(begun, orders_written(shop)))
        for edge in (PAYMENT, MONGODB["order"]):
            SILENCE.on(edge, shop)
        eventually(lambda: _more_than(0, len(early.answers) and len(late.answers)), seconds=2 * LONGEST)
        shop.toxiproxy.heal()
        posted.result()
    _, seconds = settled(shop, acknowledged(wanted))
    waited = {
        "early": [each.seconds for each in early.answers],
        "late": [each.seconds for each in late.answers],
    }
    figures.say(**seen(wanted), waited=waited, settled_after=seconds)
    assert_all_as_wanted(shop, wanted)
    assert [answer.status for answer in early.answers] == [202]
    assert late.answers[0].status == 503
    assert seen(wanted)["longest seconds"] <= LONGEST


def test_release_that_could_not_be_sent_is_made_up_for_once(shop: ProxiedShop, figures: Figures) -> None:
    wanted, before = Wanted("declined", new_order("chair", 3, DECLINED)), shop.stock("chair")
    decided = declined(shop)
    # A try may take 1 s: time to cut the way to inventory.
    shop.toxiproxy.poison(PAYMENT, "latency", latency=700)
    with ThreadPoolExecutor(1) as client:
        posted = client.submit(asyncio.run, Driver(shop.url).place([wanted]))
        eventually(lambda: _more_than(decided, declined(shop)))
        shop.toxiproxy.cut(INVENTORY)
        posted.result()
    assert [answer.status for answer in wanted.answers] == [202]
    assert shop.stock("chair")["reserved"] == before["reserved"] + 3
    shop.toxiproxy.heal()
    _, seconds = settled(shop, set())
    figures.say(settled_after=seconds)
    assert_all_as_wanted(shop, [wanted])
    assert shop.stock("chair") == before
    shop.release_again(str(wanted.answers[0].order_id))  # a late copy of the request
    assert shop.stock("chair") == before


def orders_written(shop: ProxiedShop) -> int:
    with shop.mongodb() as client:
        return client["order"]["orders"].count_documents({})


def declined(shop: ProxiedShop) -> int:
    with shop.mongodb() as client:
        return client["payment"]["payments"].count_documents({"status": "declined"})


def _more_than(count: int, now: int) -> None:
    assert now > count
