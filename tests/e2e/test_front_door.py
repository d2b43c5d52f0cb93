"""What make calls, as a user meets it: up, status, order, demo, doctor, and what they say of trouble."""

import os
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from tests.e2e.conftest import Stack, new_stack
from tests.support import new_order

TRACE_LINK = re.compile(r"http://127\.0\.0\.1:\d+/trace/[0-9a-f]{32}")


def test_up_ends_with_a_box_of_urls_a_curl_and_a_trace(stack: Stack) -> None:
    assert "Spanshop is up (native" in stack.output
    for name in ("ORDER", "INVENTORY", "PAYMENT", "JAEGER"):
        assert stack.url(name) in stack.output
    assert f"curl -i {stack.url('ORDER')}/orders" in stack.output
    assert TRACE_LINK.search(stack.output)


def test_up_again_says_so_and_changes_nothing(stack: Stack) -> None:
    before = {process.pid for process in processes(stack)}
    again = stack.run("tools.up")
    assert again.returncode == 0, again.stdout + again.stderr
    assert {process.pid for process in processes(stack)} == before


def test_status_is_green_when_all_is_well(stack: Stack) -> None:
    status = stack.run("tools.status")
    assert status.returncode == 0, status.stdout
    for name in ("order", "inventory", "payment", "otel-collector", "jaeger", "mongo"):
        assert re.search(rf"^\s*{name} .*healthy", status.stdout, re.M), status.stdout


def test_order_draws_its_trace_and_gives_its_link(stack: Stack) -> None:
    placed = stack.run("tools.order", "--sku", "unicorn")
    assert placed.returncode == 0, placed.stdout + placed.stderr
    assert "409 out of stock" in placed.stdout
    assert re.search(r"reserveInventory  order INTERNAL  [\d.]+ ms  ERROR out-of-stock", placed.stdout)
    assert TRACE_LINK.search(placed.stdout)


def test_archive_keeps_a_trace_by_its_id_or_link_and_says_what_it_can_not_keep(stack: Stack) -> None:
    (link,) = TRACE_LINK.findall(stack.run("tools.order").stdout)
    for trace in (link, link[-32:]):
        kept = stack.run("tools.archive", trace)
        assert (kept.returncode, kept.stdout) == (0, f"Kept for JAEGER_ARCHIVE_TTL: {link}\n")
    for trace, says in (
        ("4" * 32, "Jaeger has no trace 444"),
        ("nonsense", "no trace id"),
        ("", "no trace id"),
    ):
        refused = stack.run("tools.archive", trace)
        assert (refused.returncode, says in refused.stdout) == (1, True), refused.stdout + refused.stderr


def test_demo_draws_the_four_traces(stack: Stack) -> None:
    demo = stack.run("tools.demo")
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert len(TRACE_LINK.findall(demo.stdout)) == 4
    for says in ("201 confirmed", "409 out of stock", "402 payment declined", "releaseInventory", "replayed"):
        assert says in demo.stdout


def test_doctor_finds_nothing_when_all_is_well(stack: Stack) -> None:
    doctor = stack.run("tools.doctor")
    assert doctor.returncode == 0, doctor.stdout
    assert "Traces arrive." in doctor.stdout


def test_doctor_names_the_hop_that_is_down(stack: Stack) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        doctor = stack.run("tools.doctor", JAEGER_PORT=str(nobody.getsockname()[1]))
    assert doctor.returncode == 1
    assert re.search(r"✗ jaeger does not answer", doctor.stdout)


def test_nothing_runs_is_said_and_what_to_do(tmp_path: Path) -> None:
    nothing = new_stack(tmp_path)
    for tool, says in (
        ("tools.status", "`make up` starts it"),
        ("tools.order", "`make up`"),
        ("tools.doctor", "order does not answer"),
    ):
        ended = nothing.run(tool)
        assert ended.returncode == 1, ended.stdout
        assert says in ended.stdout
        assert "Traceback" not in ended.stdout + ended.stderr
    assert nothing.run("tools.down").returncode == 0


def test_taken_port_is_named_with_its_variable_and_process(tmp_path: Path) -> None:
    stack = new_stack(tmp_path)
    with socket.create_server(("127.0.0.1", int(stack.environment["PAYMENT_PORT"]))):
        up = stack.run("tools.up")
    assert up.returncode == 1
    said = " ".join((up.stdout + up.stderr).split())
    assert f"port {stack.environment['PAYMENT_PORT']} (PAYMENT_PORT) is taken by pid" in said
    assert not processes(stack)


def test_unknown_mode_is_refused(tmp_path: Path) -> None:
    up = new_stack(tmp_path, MODE="kubernetes").run("tools.up")
    assert (up.returncode, "neither compose nor native" in up.stdout) == (1, True)


def processes(stack: Stack) -> list[psutil.Process]:
    """Every process that runs for this stack."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("SPANSHOP_SUPERVISED") == stack.environment["SPANSHOP_STATE"]:
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_whole_system_stays_below_650_mb_after_a_thousand_orders(stack: Stack) -> None:
    with ThreadPoolExecutor(4) as pool, stack.order as client:
        codes = list(pool.map(lambda _: client.post("/orders", json=new_order()).status_code, range(1000)))
    assert set(codes) <= {201, 202}  # a busy machine may leave one pending; its spans count as well
    used = {process.name(): process.memory_info().rss / 1e6 for process in processes(stack)}
    total = sum(process.memory_info().rss for process in processes(stack)) / 1e6
    print(f"resident: {total:.0f} MB, {used}")
    assert len(processes(stack)) >= 7
    assert total <= 650


def test_warm_up_to_the_first_stored_trace_takes_at_most_20_seconds(stack: Stack, tmp_path: Path) -> None:
    second = new_stack(Path(f"{stack.environment['SPANSHOP_STATE']}-2"))
    busy = os.getloadavg()[0] > 2 * (os.cpu_count() or 1)  # then it says nothing about us
    started = time.monotonic()
    try:
        up = second.run("tools.up")
        took = time.monotonic() - started
        assert up.returncode == 0, up.stdout + up.stderr
        print(f"warm make up to the first stored trace: {took:.1f} s")
        assert took <= (120 if busy else 20)
    finally:
        assert second.run("tools.down", "--forget").returncode == 0
    assert not processes(second)
