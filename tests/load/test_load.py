"""`make load` on the running system: each trip is a trace, marked as made by a machine, and accounted for."""

from typing import Any

import pytest

from tests.e2e.conftest import Stack
from tests.load.reports import adds_up, load
from tests.support import new_order, trace_id_of
from tools.jaeger_internal import Search
from tools.load.journal import trips
from tools.tracecheck import Trace


@pytest.fixture(scope="module")
def report(stack: Stack) -> dict[str, Any]:
    return load(stack, "--users", "4", "--duration", "5", "--think", "0.2")


def test_every_trip_is_sent_traced_and_stored_and_every_span_counted(report: dict[str, Any]) -> None:
    adds_up(report)
    assert report["good"]
    assert report["trips"] == report["fates"]["whole"] > 20
    assert report["cut_off"] == 0
    spans, says = report["fates"]["spans_stored"], report["evidence"]["collector"]
    assert report["fates"]["spans_expected"] == spans == says["accepted"] == says["passed_on"]


def test_report_has_what_client_spans_and_programs_say(report: dict[str, Any]) -> None:
    bought = "POST /orders, bought"
    assert {"reserveInventory", "processPayment", "MongoDB order.insert"} <= report["span_ms"].keys()
    assert report["difference_ms"][bought][0] == report["client_ms"][bought][0]
    assert 0 < report["difference_ms"][bought][1] < report["client_ms"][bought][1]
    programs = {"order", "inventory", "payment", "otel-collector", "jaeger", "mongo", "locust"}
    assert programs == report["processes"].keys()
    assert all(use["cpu_seconds"] > 0 and use["peak_mib"] > 10 for use in report["processes"].values())
    assert report["pace"]["early_ms"] > 0 < report["pace"]["last_ms"]
    assert len(report["slowest"]) == 10
    assert sum(second["requests"] for second in report["timeline"]) == report["requests"]


def test_page_of_the_report_needs_nothing_else_and_links_to_traces(
    stack: Stack, report: dict[str, Any]
) -> None:
    page = (report["directory"] / "report.html").read_text()
    assert page.count("<svg") == 3
    assert "<script" not in page
    assert all(f"{stack.url('JAEGER')}/trace/{trace_id}" in page for _, _, trace_id in report["slowest"])


def test_every_span_of_a_trip_says_that_a_machine_made_it(stack: Stack, report: dict[str, Any]) -> None:
    bought = [trace_id for _, kind, trace_id in report["slowest"] if kind.startswith("buy")]
    trace = stack.jaeger.trace(bought[0])
    trace.services("load", "order", "inventory", "payment")
    assert trace.connected().roots[0].name.startswith("buy")
    assert {span.attributes.get("user_agent.synthetic.type") for span in trace.spans} == {"test"}


def test_load_can_be_told_apart_by_a_search(stack: Stack, report: dict[str, Any]) -> None:
    found = Search(stack.url("JAEGER")).trace_ids("load", user_agent__synthetic__type="test")
    made = {trip.trace_id for trip in trips(report["directory"])}
    assert made <= set(found)
    with stack.order as client:
        others = trace_id_of(client.post("/orders", json=new_order()))
    stack.jaeger.eventually(others, Trace.connected)
    assert others not in Search(stack.url("JAEGER")).trace_ids("order", user_agent__synthetic__type="test")


def test_at_ten_per_cent_two_workers_leave_exactly_the_predicted_traces(
    stack: Stack, report: dict[str, Any]
) -> None:
    sampled = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1"}
    asked = ["--shape", "open", "--rate", "40", "--duration", "4", "--workers", "2"]
    tenth = load(stack, *asked, **sampled)
    adds_up(tenth)
    assert len(list(tenth["directory"].glob("*.jsonl"))) == 2
    assert 100 <= tenth["trips"] <= 180
    assert tenth["predicted"] == tenth["fates"]["sampled"] == tenth["fates"]["whole"]
    assert (tenth["wrongly_sampled"], tenth["fates"]["beyond"]) == (0, [])
