"""Which set-ups `make bench` runs."""

from argparse import Namespace

import pytest

from loadtest.bench.__main__ import _chosen
from loadtest.bench.variants import LEVERS, VARIANTS


def names(only: str = "", *, levers: bool = False) -> list[str]:
    return [variant.name for variant in _chosen(Namespace(only=only, levers=levers))]


def test_all_set_ups_run_or_all_levers_with_what_they_are_compared_to() -> None:
    assert names() == [variant.name for variant in VARIANTS]
    assert names(levers=True) == ["1 %", "100 %", *(lever.without.name for lever in LEVERS)]


def test_set_up_and_a_lever_run_side_by_side_when_both_are_named() -> None:
    assert names("PyMongo|textbook|off") == ["off", "textbook", "PyMongo"]


def test_name_that_is_none_says_which_there_are() -> None:
    with pytest.raises(
        SystemExit, match=r"There is no textbok. There are off, off again, .*textbook, .*PyMongo"
    ):
        _chosen(Namespace(only="off|textbok", levers=False))
