"""What `make bench` makes of its runs: ratios within a round, and which bars are missed."""

import pytest

from loadtest.bench.figures import Result, added, ratios, share, times, trouble


def rounds(*cpu_ms: float, p99: float = 10.0) -> list[dict[str, float]]:
    return [{"cpu_ms": each, "p99": p99, "failed": 0} for each in cpu_ms]


def measured(**other: list[dict[str, float]]) -> Result:
    """A run in which every bar holds, but for what `other` says."""
    runs = {
        "off": rounds(4.0, 4.2, 3.8),
        "off again": rounds(4.0, 4.0, 4.0),
        "1 %": rounds(4.1, 4.3, 4.0),
        "100 %": rounds(6.0, 6.0, 6.0),
        "elsewhere": rounds(6.0, 6.0, 6.0),
        "contrib": rounds(8.0, 8.2, 7.8),
        "textbook": rounds(60.0, 55.0, 58.0),
    }
    return {"runs": runs | {name.replace("_", " "): seen for name, seen in other.items()}}


def test_ratios_are_taken_within_a_round() -> None:
    assert times(measured(), "100 %")[0] == pytest.approx(1.5)
    assert times(measured(), "off again") == pytest.approx((1.0, 4.0 / 4.2, 4.0 / 3.8))
    assert added(measured(), "100 %")[0] == pytest.approx(2.0)
    assert share(measured(), "100 %", "contrib") == pytest.approx(0.5)


def test_what_is_compared_with_no_tracing_is_compared_with_the_mean_of_both_controls() -> None:
    result = measured(off_again=rounds(6.0, 6.2, 5.8, p99=30.0))
    assert times(result, "100 %")[0] == pytest.approx(6.0 / 5.0)
    assert ratios(result, "100 %", "off", "p99")[0] == pytest.approx(10.0 / 20.0)
    assert times(result, "off again")[0] == pytest.approx(6.0 / 4.0)


def test_lever_is_compared_with_the_mean_of_the_shop_and_the_same_once_more() -> None:
    result = measured(**{"100 % again": rounds(8.0, 8.0, 8.0), "no spool": rounds(14.0, 14.0, 14.0)})
    assert times(result, "no spool", "100 %")[0] == pytest.approx(14.0 / 7.0)
    assert times(result, "100 % again", "100 %")[0] == pytest.approx(8.0 / 6.0)


def test_shop_that_also_set_the_pace_is_not_what_a_lever_is_compared_with() -> None:
    """It had more orders to look through than all the others."""
    runs = measured(**{"100 % again": rounds(8.0, 8.0, 8.0), "no spool": rounds(14.0, 14.0, 14.0)})
    assert times(runs | {"pace": "100 %"}, "no spool", "100 %")[0] == pytest.approx(14.0 / 8.0)


def test_good_run_has_no_trouble() -> None:
    assert trouble(measured()) == []


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"off_again": rounds(5.0, 5.0, 5.0)}, "not quiet"),
        ({"100 %": rounds(7.0, 7.0, 7.0)}, "CPU at 100 % : off is 1.75"),
        ({"100 %": rounds(6.0, 6.0, 6.0, p99=16.0)}, "p99 at 100 % : off is 1.60"),
        ({"elsewhere": rounds(6.0, 6.0, 6.0, p99=16.0)}, "elsewhere is 1.60"),
        ({"textbook": rounds(30.0, 30.0, 30.0)}, "textbook is 0.20"),
        ({"1 %": rounds(5.0, 5.0, 5.0)}, "CPU added at 1 %"),
        ({"contrib": rounds(6.5, 6.5, 6.5)}, "added by contrib is 0.80"),
        ({"1 %": [rounds(4.1)[0] | {"failed": 2}] * 3}, "6 orders were not confirmed"),
    ],
)
def test_missed_bar_is_named(other: dict[str, list[dict[str, float]]], says: str) -> None:
    assert says in "\n".join(trouble(measured(**other)))
