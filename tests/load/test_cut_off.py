"""A shop that never answers: who is inside when the load is over is put out, and stands in the journal."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.load.locust import stub, trips

FOREVER = 1000.0


def cut_off(directory: Path, *more: str) -> list[dict[str, Any]]:
    with stub(1.5, FOREVER) as url:
        return [trip for trip in trips(directory, url, 4, *more, stop=1) if trip["cut_off"]]


@pytest.mark.timeout(60)
def test_trip_that_is_cut_off_is_in_the_journal_with_what_it_waited_for(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        closed = pool.submit(cut_off, tmp_path / "closed", "--users", "2", "--think", "0.1")
        opened = pool.submit(cut_off, tmp_path / "open", "--shape", "open", "--rate", "20")
    assert len(closed.result()) == 2  # one per customer
    assert len(opened.result()) > 20  # all that came since
    assert {trip["answers"][-1][1] for trip in closed.result() + opened.result()} == {0}
