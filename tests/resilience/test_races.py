"""Many at once: for the last pieces, and with one key. The clients try again on a 503, as they should."""

import asyncio
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.e2e.conftest import Stack
from tests.support import Outside, eventually, new_order

from .chaos import Chaos
from .driver import Driver, Wanted
from .figures import Figures
from .storm import Storm, fates, settled

PIECES, BUYERS, POSTS = 98, 200, 50


def test_200_orders_at_once_for_the_last_98_pieces_sell_exactly_98(
    stack: Stack, chaos: Chaos, figures: Figures
) -> None:
    leave_pieces(stack, "poster", PIECES)
    driver = Driver(stack.url("ORDER"), clients=BUYERS)
    wanted = [Wanted("poster", new_order("poster")) for _ in range(BUYERS)]
    at_once(chaos, driver, wanted)
    happened = Storm(wanted, driver, [])
    _, seconds = settled(chaos, happened.acknowledged)
    found = Counter(fates(chaos, [each.key for each in wanted]).values())
    figures.say(
        **happened.figures(), fates={str(fate): n for fate, n in found.items()}, settled_after=seconds
    )
    assert found == {("confirmed", None): PIECES, ("rejected", "out-of-stock"): BUYERS - PIECES}
    assert stock(stack, "poster")["available"] == 0


def test_50_posts_at_once_with_one_key_are_one_order_and_one_charge(
    stack: Stack, chaos: Chaos, figures: Figures
) -> None:
    key, body, before = str(uuid.uuid4()), new_order("keyboard", 2), stock(stack, "keyboard")["available"]
    driver = Driver(stack.url("ORDER"), clients=POSTS)
    happened = Storm([Wanted("good", body, key=key) for _ in range(POSTS)], driver, [])
    at_once(chaos, driver, happened.wanted)
    settled(chaos, happened.acknowledged)
    figures.say(**happened.figures())
    assert driver.statuses[409]  # order-in-flight: somebody else was quicker
    (order_id,) = happened.acknowledged
    assert all(each.answers[-1].status == 201 for each in happened.wanted)
    with chaos.mongodb() as client:
        assert client["order"]["orders"].count_documents({"idempotency_key": key}) == 1
        charges = [each for each in client["payment"]["payments"].find({}) if order_id in each.values()]
    assert [charge["status"] for charge in charges] == ["captured"]
    assert stock(stack, "keyboard")["available"] == before - 2


def at_once(chaos: Chaos, driver: Driver, wanted: list[Wanted]) -> None:
    """Place the orders so that all have arrived, and nothing was written, before any of them goes on."""
    with ThreadPoolExecutor(1) as other:
        with chaos.paused("mongo"):
            placed = other.submit(asyncio.run, driver.place(wanted))
            eventually(lambda: _have_arrived(driver, len(wanted)))
        placed.result()


def _have_arrived(driver: Driver, orders: int) -> None:
    assert driver.in_flight + driver.statuses[503] >= orders
    assert driver.statuses[503], "all 32 places are taken when the others are refused"


def stock(stack: Stack, sku: str) -> dict[str, int]:
    with Outside(base_url=stack.url("INVENTORY"), timeout=20) as inventory:
        found: dict[str, int] = inventory.get(f"/stock/{sku}").json()
    return found


def leave_pieces(stack: Stack, sku: str, pieces: int) -> None:
    """Buy or receive until exactly so many are on the shelf."""
    available = stock(stack, sku)["available"]
    with stack.order as order, Outside(base_url=stack.url("INVENTORY"), timeout=20) as inventory:
        if available > pieces:
            assert order.post("/orders", json=new_order(sku, available - pieces)).status_code == 201
        elif available < pieces:
            inventory.post(f"/stock/{sku}/receipts", json={"quantity": pieces - available})
    assert stock(stack, sku)["available"] == pieces
