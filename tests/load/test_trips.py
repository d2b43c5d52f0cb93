"""What stands in the journal of loads of some seconds, each on a stub of the shop."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.load.locust import stub, trips

SECONDS = 5
NEVER = ("1.5", "1000")  # seconds after the first request, and for how long
Journal = list[dict[str, Any]]
LOADS = {
    "closed": (NEVER, ("--users", "2", "--think", "0.1")),
    "open": (NEVER, ("--shape", "open", "--rate", "20")),
    "pending": (("pending",), ("--users", "4", "--think", "0.1")),
    "stepped": ((), ("--users", "10", "--think", "0.1", "--shape", "stepped")),
    "spike": ((), ("--users", "10", "--think", "0.1", "--shape", "spike")),
}


@pytest.fixture(scope="module")
def journals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Journal]:
    """Of each load, all at the same time."""
    directory = tmp_path_factory.mktemp("journals")
    with ThreadPoolExecutor(len(LOADS)) as pool:
        return dict(zip(LOADS, pool.map(lambda name: journal(directory / name), LOADS), strict=True))


def journal(directory: Path) -> Journal:
    how, more = LOADS[directory.name]
    with stub(*how) as url:
        return trips(directory, url, SECONDS, *more, stop=1 if how is NEVER else 5)


@pytest.mark.timeout(60)
def test_trip_that_is_cut_off_is_in_the_journal_with_what_it_waited_for(journals: dict[str, Journal]) -> None:
    closed, opened = ([trip for trip in journals[name] if trip["cut_off"]] for name in ("closed", "open"))
    assert len(closed) == 2  # one per customer
    assert len(opened) > 20  # all that came since
    assert {trip["answers"][-1][1] for trip in closed + opened} == {0}


def test_order_that_is_pending_is_asked_for_until_it_is_settled(journals: dict[str, Journal]) -> None:
    pending = [trip for trip in journals["pending"] if trip["pending"]]
    assert {trip["kind"] for trip in pending} >= {"buy"}
    assert not [trip for trip in journals["pending"] if trip["wrong"] or trip["cut_off"]]
    bought = next(trip for trip in pending if trip["kind"] == "buy")
    assert [status for _, status, *_ in bought["answers"]] == [202, 200, 200]


def test_shape_says_how_many_customers_there_are_when(journals: dict[str, Journal]) -> None:
    stepped, spike = per_second(journals["stepped"]), per_second(journals["spike"])
    assert stepped[0] < stepped[2] < stepped[4]
    assert max(spike) == max(spike[2:4]) > 2 * spike[0]


def per_second(journal: Journal) -> list[int]:
    began = min(trip["started"] for trip in journal)
    counted = Counter(int(trip["started"] - began) for trip in journal)
    return [counted[second] for second in range(SECONDS)]
