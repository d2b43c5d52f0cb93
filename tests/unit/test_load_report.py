"""The report of a load: what was sent, what is stored, and what each loss is put down to."""

from tools.load_report import Report, Trip, is_whole, reconcile, text

from tools.tracecheck import Span, Trace


def a_trip(name: str, *, sampled: bool = True, took: float = 10.0, wrong: str = "") -> Trip:
    answers: list[list[object]] = [["POST /orders, bought", 201, took]]
    return Trip("buy", name, sampled, 0.0, answers, [wrong] if wrong else [])


def a_trace(name: str) -> Trace:
    return Trace([Span("POST /orders", "server", "order", name, "1", "", 0, 8_000_000)])


def report(*trips: Trip, lost: str = "", **refused: float) -> Report:
    there = [trip.trace_id for trip in trips if trip.sampled and trip.trace_id != lost]
    return reconcile(list(trips), list(trips), {name: a_trace(name) for name in there}, refused)


def test_load_of_which_all_is_there_is_good() -> None:
    found = report(a_trip("a"), a_trip("b", took=30))
    assert (found.good, found.whole, found.looked, found.lost) == (True, 2, 2, [])
    assert found.client_ms["POST /orders, bought"] == [30.0, 30.0, 30.0]
    assert found.server_ms["POST /orders"] == [8.0, 8.0, 8.0]
    assert [trace_id for _, _, trace_id in found.slowest] == ["b", "a"]


def test_trip_that_was_not_sampled_is_not_missed() -> None:
    found = report(a_trip("a"), a_trip("b", sampled=False))
    assert (found.good, found.sampled, found.looked, found.trips) == (True, 1, 1, 2)


def test_lost_trace_is_named_and_put_down_to_whom_the_collector_names() -> None:
    found = report(a_trip("a"), a_trip("b"), lost="b", otelcol_receiver_refused_spans=14.0)
    assert (found.good, found.lost) == (False, ["b"])
    assert "otelcol_receiver_refused_spans 14" in text(found)


def test_loss_the_collector_knows_nothing_of_was_before_it() -> None:
    found = report(a_trip("a"), lost="a", otelcol_receiver_refused_spans=0)
    assert "lost before it, in an SDK" in text(found)


def test_unexpected_answer_fails_the_load_and_leads_to_a_trace() -> None:
    found = report(a_trip("a"), a_trip("b", wrong="bought: 503 instead of 201"))
    assert (found.good, found.failed) == (False, {"bought: 503 instead of 201": 1})
    assert found.failures == [("bought: 503 instead of 201", "b")]
    assert "503 instead of 201" in text(found)


def test_load_without_a_trip_is_not_good() -> None:
    assert not report().good


def test_trace_with_an_answer_but_no_span_for_it_is_not_whole_yet() -> None:
    root = Span("buy", "internal", "load", "a", "1", "", 0, 9)
    served = Span("POST /orders", "server", "order", "a", "2", "1", 1, 8)
    assert is_whole(Trace([root, served]), a_trip("a"))
    assert not is_whole(Trace([root]), a_trip("a"))
    assert not is_whole(Trace([served]), a_trip("a"))
