"""`make up`, `doctor`, `fault`, `audit` and the others in compose mode, on the engine under test."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support import eventually, new_order, trace_id_of
from tools.faults import IN_COMPOSE
from tools.tracecheck import Trace

from .project import NAME, ROOT, Project


@pytest.fixture(autouse=True)
def healthy(project: Project) -> None:
    project.get_well()


@pytest.fixture
def no_fault_stays() -> Iterator[None]:
    """The flags' file of this checkout is as it was: nothing of the user's own run is changed."""
    before = IN_COMPOSE.read_bytes() if IN_COMPOSE.exists() else None
    yield
    IN_COMPOSE.write_bytes(before) if before is not None else IN_COMPOSE.unlink(missing_ok=True)


def make(project: Project, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What `make …` calls, with MODE=compose and this project's name and ports."""
    env = project.environment | {"MODE": "compose", "COMPOSE_PROJECT_NAME": NAME, "COLUMNS": "200"}
    env |= {"PYTHONPATH": f"{ROOT}/services:{ROOT}"}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, text=True, capture_output=True, timeout=400)


def test_make_up_ends_with_the_addresses_and_the_trace_of_an_order(project: Project) -> None:
    done = make(project, "tools.up")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Spanshop is up (compose" in done.stdout
    for port in ("ORDER_PORT", "JAEGER_PORT"):
        assert project.url(port) in done.stdout
    trace_id = done.stdout.split("/trace/")[1].split()[0]
    assert project.jaeger.trace(trace_id).spans


def test_make_demo_draws_the_four_trees(project: Project) -> None:
    done = make(project, "tools.demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("POST /orders  order SERVER") == 4


def test_make_doctor_finds_nothing_in_a_healthy_system(project: Project) -> None:
    done = make(project, "tools.doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traces arrive." in done.stdout


@pytest.mark.parametrize(
    ("stopped", "fault"),
    [
        ("payment", "program-down"),
        ("otel-collector", "program-down"),
        ("jaeger", "program-down"),
        ("mongo", "mongodb-down"),
    ],
)
def test_make_doctor_names_the_container_that_does_not_run(
    project: Project, stopped: str, fault: str
) -> None:
    project.compose(f"docker compose stop {stopped}", "stop", stopped)
    try:
        done = make(project, "tools.doctor", "--json")
        found = {(each["hop"], each["fault"]) for each in json.loads(done.stdout) if not each["ok"]}
        assert (stopped, fault) in found, done.stdout
        assert done.returncode == 1
    finally:
        project.compose(f"docker compose start {stopped}", "start", stopped)


@pytest.mark.usefixtures("no_fault_stays")
def test_make_fault_is_seen_by_running_containers(project: Project) -> None:
    done = make(project, "tools.fault", "--name", "payment-slow")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "on (300)" in make(project, "tools.faults").stdout
    _placed_until(project, lambda trace: trace.span("POST /payments").has(feature_flag__key="payment-slow"))
    assert make(project, "tools.fault", "--off").returncode == 0
    _placed_until(project, lambda trace: trace.span("POST /payments").has(feature_flag__key=None))


def _placed_until(project: Project, check: object) -> None:
    """Place orders until the trace of one passes: a bind mount may show a new file a moment later."""

    def look() -> None:
        with project.order as client:
            trace_id = trace_id_of(client.post("/orders", json=new_order()))
        project.jaeger.eventually(trace_id, Trace.connected)
        check(project.jaeger.trace(trace_id))  # type: ignore[operator]

    eventually(look, seconds=30)


def test_make_audit_holds_when_all_is_done(project: Project) -> None:
    done = make(project, "tools.audit", "--wait", "40")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASSED" in done.stdout


def test_make_order_status_and_logs_answer(project: Project) -> None:
    assert "processPayment" in make(project, "tools.order").stdout
    assert "healthy" in make(project, "tools.status").stdout
    assert '"service": "order"' in make(project, "tools.logs", "order").stdout


def test_make_down_stops_all_and_make_up_goes_on_with_the_orders(project: Project) -> None:
    with project.order as client:
        placed = client.post("/orders", json=new_order()).json()["id"]
    assert make(project, "tools.down").returncode == 0
    assert not project.docker("ps", "-q", "--filter", f"label=com.docker.compose.project={NAME}").strip()
    assert make(project, "tools.up").returncode == 0
    with project.order as client:
        assert client.get(f"/orders/{placed}").status_code == 200
