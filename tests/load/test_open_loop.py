"""A stall of two seconds, seen by an open and by a closed loop: the closed one hardly notices it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.load.locust import stub, trips

AFTER, STALL, SECONDS, RATE = 2, 2, 7, 50


def p99(directory: Path, *more: str) -> float:
    """Milliseconds, over all answers of a load on the shop that stalls."""
    with stub(str(AFTER), str(STALL)) as url:
        lines = trips(directory, url, SECONDS, *more)
    times = sorted(took for line in lines for _, _, took, _ in line["answers"])
    assert len(times) > SECONDS * RATE / 2
    return float(times[int(len(times) * 0.99)])


@pytest.mark.timeout(60)
def test_stall_is_seen_by_the_open_loop_and_omitted_by_the_closed_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        opened = pool.submit(p99, tmp_path / "open", "--shape", "open", "--rate", str(RATE))
        closed = pool.submit(p99, tmp_path / "closed", "--users", "2", "--think", "0.002")
    assert opened.result() > 1000 * STALL * 0.8
    assert closed.result() < opened.result() / 5
