"""The report of a load: times, failures, and whether all of it is as it should be."""

import mmap
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.unit.load_trips import a_trip, bought, whole
from tools.audit import Report as Audit
from tools.load.fate import Evidence
from tools.load.journal import Trip
from tools.load.metrics import Growth, of_collector, of_sdks
from tools.load.pace import Pace, pace
from tools.load.page import html
from tools.load.processes import MIB, fifth, growth, own
from tools.load.report import Report
from tools.load.stored import is_whole, read_back, seen
from tools.load.text import text
from tools.load.times import seconds
from tools.tracecheck import Trace

BOOKS = Audit({}, [], [], [], [])
COLLECTOR = """# TYPE otelcol_receiver_accepted_spans counter
otelcol_receiver_accepted_spans{receiver="otlp",transport="http"} 14
otelcol_exporter_send_failed_spans{exporter="otlp_grpc"} 3
otelcol_exporter_enqueue_failed_spans{exporter="otlp_grpc"} 1e+01
otelcol_processor_tail_sampling_count_traces_sampled{policy="a",sampled="false"} 4
otelcol_processor_tail_sampling_count_traces_sampled{policy="a",sampled="true"} 9
"""
SDKS = """otel_sdk_exporter_span_exported_total{job="spanshop/order",error_type="ConnectionError"} 7.0
otel_sdk_exporter_span_exported_total{job="spanshop/order"} 700.0
otel_sdk_processor_span_processed_total{job="spanshop/order",error_type="queue_full"} 2.0
"""


def a_report(
    *trips: Trip,
    ratio: float | None = None,
    late: bool = False,
    collector: dict[str, float] | None = None,
    **use: float,
) -> Report:
    there = {trip.trace_id: whole() for trip in trips if trip.sampled}
    unused = dict.fromkeys(
        ("cpu_seconds", "peak_mib", "end_mib", "own_mib", "early_share", "last_share"), 1.0
    )
    used = {"locust": unused | {"share": 0.1, "mib_per_minute": 0.5} | use}
    evidence = Evidence(collector=collector or {}, away=[(1.0, 6.0)])
    return Report(list(trips), there, evidence, ratio, BOOKS, used, late, {"at": "now"}, {})


def test_times_of_client_and_spans_and_their_difference_stand_side_by_side() -> None:
    found = a_report(a_trip("a"), a_trip("b", took=30))
    assert found.client_ms["POST /orders, bought"] == [2, 30.0, 30.0, 30.0]
    assert found.span_ms["processOrder"] == [2, 7.0, 7.0, 7.0]
    assert found.difference_ms["POST /orders, bought"] == [2, 22.0, 22.0, 22.0]
    assert [trace_id for _, _, trace_id in found.slowest] == ["b", "a"]
    assert found.good


def test_unexpected_answer_fails_the_load_and_leads_to_a_trace() -> None:
    found = a_report(a_trip("a"), a_trip("b", began=3.0, wrong="bought: 503 instead of 201"))
    assert (found.good, found.failed) == (False, {"bought: 503 instead of 201": 1})
    assert "503 instead of 201" in text(found)
    assert '<a href="http://jaeger/trace/b">' in html(found, "http://jaeger").split("kind of failure")[1]


def test_long_load_says_how_latency_and_memory_changed() -> None:
    trips = [a_trip(str(n), began=float(n), took=30.0 if 60 <= n < 80 else 10.0) for n in range(100)]
    found = text(a_report(*trips))
    assert "99 % within 10.0, 10.0, 10.0, 30.0 and 10.0 ms, fifth by fifth of the load" in found
    assert "MiB a minute in the second half, without mapped files and garbage: locust +0.50" in found
    assert "in the same fifths: locust 1.00 1.00" in found
    assert "drift" not in text(a_report(*trips[:20]))


def test_step_that_became_slower_is_named_first() -> None:
    trips = [a_trip(str(n), began=float(n)) for n in range(100)]
    found = {
        trip.trace_id: replace(
            whole(), steps={"steady": [7.0], "slower": [5.0 if trip.started < 80 else 25.0]}
        )
        for trip in trips
    }
    report = replace(a_report(*trips), found=found)
    assert list(report.drift_by_step) == ["slower", "steady"]
    assert "slower: 5.0 ms, 25.0 ms" in text(report)


def test_machine_that_slows_down_is_told_from_a_shop_that_does() -> None:
    took = [2.0] * 80 + [3.0] * 20
    assert pace(took) == {"early_ms": 2.0, "last_ms": 3.0}
    assert pace(took[:4]) == {}
    report = replace(a_report(*(a_trip(str(n), began=float(n)) for n in range(100))), pace=pace(took))
    assert "took 2.00 ms of its CPU then, and 3.00 ms in the last" in text(report)


def test_pace_is_what_the_same_work_takes_of_the_cpu() -> None:
    looked = Pace()
    before = time.thread_time()
    for _ in range(20):
        looked.look()
    each = 1000 * (time.thread_time() - before) / 20
    assert looked.document()["last_ms"] == pytest.approx(each, rel=0.5)


def test_memory_that_grows_has_its_slope() -> None:
    assert growth([(float(second), 100.0 + second / 30) for second in range(60)]) == pytest.approx(2.0)
    assert growth([(float(second), 100.0) for second in range(60)]) == 0.0
    assert growth([(0.0, 1.0), (1.0, 9.0)]) == 0.0


def test_program_that_becomes_busier_is_seen_in_the_last_fifth() -> None:
    busy = [(float(second), 0.2 * second + max(0, second - 80) * 0.1) for second in range(100)]
    assert (fifth(busy, 1), fifth(busy, 4)) == pytest.approx((0.2, 0.3))
    assert fifth(busy[:9], 1) == 0.0


def test_memory_that_goes_up_and_down_grows_by_what_it_does_not_give_back() -> None:
    sorting = [500.0 if second % 120 > 90 else 0.0 for second in range(900)]
    assert growth([(float(second), 80.0 + sorting[second]) for second in range(900)]) == 0.0
    leaking = [(float(second), 80.0 + sorting[second] + second / 30) for second in range(900)]
    assert growth(leaking) == pytest.approx(2.0, abs=0.2)


def test_file_that_is_mapped_and_read_is_not_the_programs_own_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(32 * MIB))
    me = psutil.Process()
    before, own_before = me.memory_info().rss, own(me.memory_info())
    with (tmp_path / "file").open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert sum(mapped[place] for place in range(0, len(mapped), mmap.PAGESIZE)) == 0
        after, own_after = me.memory_info().rss, own(me.memory_info())
    assert after - before > 30 * MIB
    assert own_after - own_before < 2 * MIB


def test_absence_of_the_collector_is_named_with_its_second_and_length() -> None:
    assert "did not answer for 5.0 s from second 1.0 on" in text(a_report(a_trip("a")))


def test_spans_of_others_that_the_collector_got_are_told_apart() -> None:
    found = a_report(a_trip("a"), collector={"accepted": 20.0})
    assert "14 made, 20 accepted" in text(found)
    assert "6 more are others'" in text(found)


def test_load_without_a_trip_is_not_good_and_has_a_page() -> None:
    assert not a_report().good
    assert "something is wrong" in html(a_report(), "http://jaeger")


def test_sampler_that_does_not_go_by_the_trace_id_is_noticed() -> None:
    low, high = "0" * 32, "f" * 32
    right = a_report(a_trip(low), a_trip(high, sampled=False), ratio=0.1)
    assert (right.good, right.predicted, right.wrongly_sampled) == (True, 1, 0)
    wrong = a_report(a_trip(low, sampled=False), a_trip(high), ratio=0.1)
    assert (wrong.good, wrong.predicted, wrong.wrongly_sampled) == (False, 1, 2)


def test_locust_at_its_limit_is_said_to_be_the_bottleneck() -> None:
    assert a_report(a_trip("a")).bottleneck == []
    assert "took 97% of a core" in text(a_report(a_trip("a"), share=0.97))
    assert "warns of its own use" in text(a_report(a_trip("a"), late=True))


def test_seconds_without_a_request_are_there_and_failures_are_marked() -> None:
    first, third = seconds([a_trip("a"), a_trip("b", began=2.5, wrong="x")])[::2]
    assert (first.requests, first.failed, first.p99) == (1, 0, 10.0)
    assert (third.second, third.failed) == (2, 1)
    assert seconds([a_trip("a"), a_trip("b", began=2.5)])[1].p99 is None


@pytest.mark.parametrize(
    "missing", ["buy", "POST /orders", "PUT", "PUT /reservations/{order_id}", "inventory.update"]
)
def test_trace_without_any_one_of_its_spans_is_not_whole(missing: str) -> None:
    assert is_whole(bought(), a_trip("t"))
    assert not is_whole(bought(missing), a_trip("t"))


def test_reading_back_asks_again_for_what_is_not_whole_yet() -> None:
    asked: list[str] = []

    def look(trace_id: str) -> Trace:
        asked.append(trace_id)
        return bought(*(["PUT"] if len(asked) < 2 else []))

    found = read_back([a_trip("t")], look, patience=9)
    assert (found["t"].whole, asked) == (True, ["t"] * 2)
    assert seen(bought(), a_trip("t")).steps.keys() >= {"POST /orders in order", "MongoDB inventory.update"}


def test_counters_are_summed_by_what_they_mean() -> None:
    counted: dict[str, Any] = {"accepted": 14.0, "collector_failed": 13.0, "tail_sampling": 4.0}
    assert of_collector(COLLECTOR) == counted
    assert of_sdks(SDKS) == {"order: ConnectionError": 7.0, "order: queue_full": 2.0}


def test_counter_that_begins_anew_goes_on_growing() -> None:
    growth = Growth()
    for accepted, uptime in ((100.0, 9), (104.0, 10), (300.0, 1), (305.0, 2)):
        growth.look({"accepted": accepted, "uptime": uptime})
    assert (growth.total["accepted"], growth.restarts) == (309.0, 1)


def test_counter_that_is_not_there_yet_after_a_restart_begins_anew_too() -> None:
    growth = Growth()
    for page in ({"accepted": 100.0}, {}, {"accepted": 7.0}):
        growth.look(page)
    assert (growth.total, growth.restarts) == ({"accepted": 7.0}, 1)
