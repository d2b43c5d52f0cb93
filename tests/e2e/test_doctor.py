"""Every fault the doctor knows is planted in a running system: it finds that one, and no other."""

import json
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.bench import DOWN, Bench, How, held
from tests.e2e.conftest import ROOT, Stack, new_stack
from tools.doctor.blame import Case, blame
from tools.doctor.bounded import until
from tools.doctor.faults import BY_ID, table
from tools.doctor.system import SERVICES, System
from tools.tracecheck import Trace
from tools.urls import Urls

COLLECTOR = "otel-collector"
NO_EXPORTER = "service: {pipelines: {traces: {exporters: [span_metrics]}}}"
NO_TRACES = """
receivers: {otlp/nobody: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
service: {pipelines: {traces: {receivers: [otlp/nobody]}}}
"""
NO_MEMORY = "processors: {memory_limiter: {check_interval: 10ms, limit_mib: 20, spike_limit_mib: 19}}"
WRONG_PATH = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:{OTLP_HTTP_PORT}/"}
# A process whose clock is three hours ahead, as Python sees it; the machine's own is not ours to set.
AHEAD = """
import time
time.time = lambda real=time.time: real() + 10800
time.time_ns = lambda real=time.time_ns: real() + 10800 * 10**9
"""


@dataclass(frozen=True)
class Planted:
    """One planted fault: where, which, how; `asks`: what is set for the doctor itself."""

    hop: str
    fault: str
    programs: Mapping[str, How] = field(default_factory=dict)
    asks: Mapping[str, str] = field(default_factory=dict)


def in_payment(fault: str, **environment: str) -> Planted:
    return Planted("payment", fault, {"payment": environment})


CASES = [
    # Neighbours plant in the same program: one restart each.
    in_payment("sdk-disabled", OTEL_SDK_DISABLED="true"),
    in_payment("exporter-not-otlp", OTEL_TRACES_EXPORTER="none"),
    in_payment("telemetry-not-configured", OTEL_TRACES_EXPORTER="nonsense"),
    in_payment("mongodb-url", MONGODB_URL="mongodb://127.0.0.1:9"),
    in_payment("exporter-protocol", OTEL_EXPORTER_OTLP_PROTOCOL="grpc"),
    in_payment("spans-missing", **WRONG_PATH),
    in_payment("propagator-missing", OTEL_PROPAGATORS="tracecontext"),
    in_payment("sampler-zero", OTEL_TRACES_SAMPLER="always_off"),
    Planted(
        "inventory", "exporter-endpoint", {"inventory": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}}
    ),
    Planted("inventory", "propagator-missing", {"inventory": {"OTEL_PROPAGATORS": "baggage"}}),
    Planted("inventory", "semconv-old", {"inventory": {"OTEL_SEMCONV_STABILITY_OPT_IN": "none"}}),
    Planted("inventory", "clock-skew", {"inventory": {"PYTHONPATH": "{SPANSHOP_STATE}/ahead:{PYTHONPATH}"}}),
    Planted(
        "order",
        "exporter-protocol",
        {"order": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:{OTLP_GRPC_PORT}"}},
    ),
    Planted("order", "propagator-missing", {"order": {"OTEL_PROPAGATORS": "baggage"}}),
    Planted("order", "service-out-of-reach", {"order": {"INVENTORY_URL": "http://127.0.0.1:9"}}),
    Planted(
        "order",
        "sampler-zero",
        {"order": {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"}},
    ),
    Planted(
        COLLECTOR,
        "spans-never-arrive",
        {"order": WRONG_PATH, "inventory": WRONG_PATH, "payment": WRONG_PATH},
    ),
    Planted("order", "order-fails", asks={"ORDER_PORT": "{INVENTORY_PORT}"}),
    Planted(COLLECTOR, "collector-no-exporter", {COLLECTOR: NO_EXPORTER}),
    Planted(COLLECTOR, "collector-no-traces", {COLLECTOR: NO_TRACES}),
    Planted(COLLECTOR, "collector-refuses", {COLLECTOR: NO_MEMORY}),
    Planted(COLLECTOR, "jaeger-out-of-reach", {COLLECTOR: {"JAEGER_OTLP_ENDPOINT": "127.0.0.1:9"}}),
    Planted(
        COLLECTOR,
        "collector-metrics",
        {COLLECTOR: {"JAEGER_OTLP_ENDPOINT": "127.0.0.1:9"}},
        {"COLLECTOR_METRICS_PORT": "9"},
    ),
    Planted(COLLECTOR, "program-down", {COLLECTOR: DOWN}),
    Planted("jaeger", "program-down", {"jaeger": DOWN}),
    Planted("mongo", "mongodb-down", {"mongo": DOWN}),
]
ELSEWHERE = {
    "port-taken": "test_port_of_somebody_else",
    "program-hangs": "test_program_that_hangs",
    "nothing-runs": "test_nothing_runs",
    "gave-up": "test_waiting_ends",
    "jaeger-shows-nothing": "test_jaeger_that_takes_spans_and_shows_none",
}


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    state = Path(tempfile.mkdtemp(prefix="spanshop-doctor-"))
    (state / "ahead").mkdir()
    (state / "ahead" / "sitecustomize.py").write_text(AHEAD)
    bench = Bench(new_stack(state))
    try:
        up = bench.stack.run("tools.up")
        assert up.returncode == 0, up.stdout + up.stderr
        yield bench
    finally:
        bench.close()
        bench.stack.run("tools.down")
        shutil.rmtree(state, ignore_errors=True)


def faults(stack: Stack, **more: str) -> list[tuple[str, str]]:
    """What the doctor finds, as (hop, fault); its exit code must agree."""
    asked = stack.run("tools.doctor", "--json", **more)
    found: list[dict[str, Any]] = json.loads(asked.stdout)
    print("\n".join(f"{each['hop']}: {each['says']} {each['fix']}" for each in found), asked.stderr)
    assert all(each["ok"] == (not each["fault"]) == (not each["fix"]) for each in found)
    ill = [(each["hop"], each["fault"]) for each in found if not each["ok"]]
    assert asked.returncode == bool(ill)
    return ill


def test_healthy_system_has_no_fault(bench: Bench) -> None:
    bench.be({})
    assert faults(bench.stack) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.fault} {case.hop}")
def test_fault_gets_its_own_diagnosis(bench: Bench, case: Planted) -> None:
    bench.be(case.programs)
    asks = {name: value.format_map(bench.env) for name, value in case.asks.items()}
    assert faults(bench.stack, **asks) == [(case.hop, case.fault)]


def test_low_ratio_is_no_fault(bench: Bench) -> None:
    ratio = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.000001"}
    bench.be({"order": ratio})
    asked = bench.stack.run("tools.doctor")
    assert (asked.returncode, "Traces arrive" in asked.stdout) == (0, False)
    assert "✓ sampling left five orders out" in asked.stdout


def test_jaeger_that_takes_spans_and_shows_none(bench: Bench) -> None:
    """Not planted: the case is made by hand, of what such a Jaeger would leave."""
    settings = {"sampler": "AlwaysOnSampler", "propagated": "traceparent", "protocol": "http/protobuf"}
    settings["endpoint"] = f"localhost:{bench.env['OTLP_HTTP_PORT']}"
    spans = ("otelcol_receiver_accepted_spans", "otelcol_exporter_sent_spans")
    counters = [{**dict.fromkeys(spans, n), "otelcol_exporter_queue_capacity": 5.0} for n in (1.0, 2.0)]
    where = Urls(*["http://127.0.0.1:9"] * 7)
    services = dict.fromkeys(SERVICES, settings)
    case = Case(System("native", bench.env, where, {}), services, Trace([]), SERVICES, *counters)
    assert [(each.hop, each.fault) for each in blame(case, surely=False)] == [
        ("jaeger", "jaeger-shows-nothing")
    ]


@pytest.mark.parametrize(("hop", "variable"), [("payment", "PAYMENT_PORT"), (COLLECTOR, "OTLP_HTTP_PORT")])
def test_port_of_somebody_else(bench: Bench, hop: str, variable: str) -> None:
    bench.be({hop: DOWN})
    with held(bench.env[variable]):
        assert faults(bench.stack) == [(hop, "port-taken")]


def test_program_that_hangs(bench: Bench) -> None:
    bench.be({})
    with bench.frozen("payment"):
        assert faults(bench.stack) == [("payment", "program-hangs")]


def test_healthy_again_has_no_fault(bench: Bench) -> None:
    bench.be({})
    assert faults(bench.stack) == []
    asked = bench.stack.run("tools.doctor")
    assert (asked.returncode, "✗" in asked.stdout) == (0, False)
    assert "Traces arrive." in asked.stdout


def test_nothing_runs(tmp_path: Path) -> None:
    assert faults(new_stack(tmp_path)) == [("everything", "nothing-runs")]


def test_everything_hangs_and_it_ends_in_time(tmp_path: Path) -> None:
    stack = new_stack(tmp_path)
    with held(*(port for name, port in stack.environment.items() if name.endswith("_PORT"))):
        began = time.monotonic()
        found = faults(stack)
        took = time.monotonic() - began
    assert {fault for _, fault in found} == {"port-taken"}
    assert took < 30


def test_containers_that_hang_are_told_from_ports_of_somebody_else(tmp_path: Path) -> None:
    """The engine is a fake; with Docker the engine's proxy has the ports, so only it knows what runs."""
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\ncase "$*" in *ps*) echo order; echo payment;; esac\n')
    docker.chmod(0o755)
    stack = new_stack(tmp_path, MODE="compose")
    stack.environment["PATH"] = f"{tmp_path}:{stack.environment['PATH']}"
    with held(*(stack.environment[f"{name}_PORT"] for name in ("ORDER", "INVENTORY"))):
        assert faults(stack) == [("order", "program-hangs"), ("inventory", "port-taken")]


def test_waiting_ends() -> None:
    def one_and_then_none() -> Iterator[str]:
        yield "first"
        threading.Event().wait()

    items = until(time.monotonic() + 0.2, one_and_then_none())
    assert next(items) == "first"
    with pytest.raises(TimeoutError):
        next(items)


@pytest.mark.parametrize("wrong", [{"MODE": "kubernetes"}, {"ORDER_PORT": "http"}])
def test_what_it_cannot_check_is_said(tmp_path: Path, wrong: dict[str, str]) -> None:
    asked = new_stack(tmp_path).run("tools.doctor", **wrong)
    assert (asked.returncode, asked.stdout) == (2, "")
    assert asked.stderr.startswith("Cannot check:")


def test_every_fault_is_planted_and_in_the_page() -> None:
    assert {case.fault for case in CASES} | set(ELSEWHERE) == set(BY_ID)
    assert all(callable(globals()[test]) for test in ELSEWHERE.values())
    assert table() in (ROOT / "docs" / "doctor.md").read_text()
