"""What became of each trip of a load, and what a loss is put down to."""

from dataclasses import replace

import pytest

from tests.unit.load_trips import NOTHING, a_trip, torn, whole
from tools.load.fate import Evidence, Fates, fates
from tools.load.journal import Trip
from tools.load.stored import Seen

UNSENT = {"ConnectionError": 5}


def of(evidence: Evidence, *pairs: tuple[Trip, Seen | None]) -> Fates:
    trips = [trip for trip, _ in pairs]
    found = {trip.trace_id: seen for trip, seen in pairs if seen}
    one = fates(trips, found, evidence)
    assert one.read == one.whole + sum(len(ids) for ids in one.lost.values())
    return one


def lost(evidence: Evidence, seen: Seen, began: float = 0.0) -> dict[str, list[str]]:
    return of(evidence, (a_trip("w"), whole()), (a_trip("x", began=began), seen)).lost


def test_load_of_which_all_is_there_has_lost_nothing() -> None:
    one = of(Evidence(), (a_trip("a"), whole()), (a_trip("b"), whole()))
    assert (one.sampled, one.read, one.whole, one.lost, one.beyond) == (2, 2, 2, {}, [])
    assert one.spans_expected == one.spans_stored == 28


def test_trip_that_was_not_sampled_is_not_missed_and_told_if_it_is_there() -> None:
    unsampled = a_trip("b", sampled=False)
    assert of(Evidence(), (a_trip("a"), whole()), (unsampled, NOTHING)).beyond == []
    assert of(Evidence(), (a_trip("a"), whole()), (unsampled, torn("load", spans=1))).beyond == ["b"]


def test_trip_that_was_cut_off_is_neither_lost_nor_whole() -> None:
    one = of(Evidence(), (a_trip("a"), whole()), (replace(a_trip("b"), cut_off=True), None))
    assert (one.sampled, one.whole, one.lost) == (1, 1, {})


@pytest.mark.parametrize(
    ("cause", "seen", "evidence"),
    [
        ("load_sdk", torn("order"), Evidence(load_sdk=UNSENT)),
        ("service_sdk", torn("load"), Evidence(load_sdk=UNSENT, service_sdk=UNSENT)),
        ("service_sdk", NOTHING, Evidence(service_sdk=UNSENT)),
        ("unexplained", torn("order"), Evidence(service_sdk=UNSENT)),  # the root is missing: not theirs
        ("collector_refused", NOTHING, Evidence(collector={"collector_refused": 3.0})),
        ("collector_failed", NOTHING, Evidence(collector={"accepted": 9.0, "collector_failed": 3.0})),
        ("tail_sampling", NOTHING, Evidence(collector={"tail_sampling": 1.0, "collector_failed": 3.0})),
        ("collector_away", torn("load"), Evidence(away=[(5.0, 9.0)])),
        ("unexplained", torn("load"), Evidence(away=[(500.0, 509.0)])),
        ("unexplained", NOTHING, Evidence(collector={"accepted": 100.0, "collector_failed": 0.0})),
    ],
)  # fmt: skip
def test_loss_is_put_down_to_whom_it_is_counted_by(cause: str, seen: Seen, evidence: Evidence) -> None:
    assert lost(evidence, seen) == {cause: ["x"]}


def test_trace_is_evicted_only_where_one_that_was_there_is_gone_and_newer_ones_are_not() -> None:
    witness, later = a_trip("seen before"), a_trip("later", began=5)
    others = [(witness, NOTHING), (a_trip("oldest left", began=9), whole()), (later, NOTHING)]
    newer = (a_trip("newer", began=10), NOTHING)
    assert of(Evidence(witness=witness), *others, newer).lost == {
        "evicted": ["seen before", "later"],
        "unexplained": ["newer"],
    }
    assert of(Evidence(witness=None), *others).lost == {"unexplained": ["seen before", "later"]}


def test_spans_of_a_lost_trip_are_expected_to_be_as_many_as_others_of_its_kind_have() -> None:
    one = of(Evidence(), (a_trip("a"), whole()), (a_trip("b"), torn("load", spans=1)), (a_trip("c"), NOTHING))
    assert (one.spans_stored, one.spans_expected) == (15, 42)


def test_traces_that_came_whole_though_the_collector_was_away_are_counted() -> None:
    away = Evidence(away=[(100.0, 105.0)])
    one = of(away, (a_trip("a"), whole()), (a_trip("b", began=102), whole()))
    assert one.delayed == 1
