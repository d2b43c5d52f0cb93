"""Confirmed orders and stored traces outlive a restart, a kill -9 of each container, and `down`."""

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import httpx
import pytest

from tests.contract import CONTRACT
from tests.support import eventually, new_order, trace_id_of
from tools.tracecheck import CannotCheck

from .project import RUNNING, Project
from .shell import say

TREE = CONTRACT["trees"]["confirmed"]


@dataclass(frozen=True)
class Placed:
    """An order that was confirmed to its client."""

    order_id: str
    trace_id: str


def place(project: Project) -> Placed | None:
    """None unless it was confirmed: nobody was promised anything then."""
    try:
        with project.order as client:
            answer = client.post("/orders", json=new_order())
    except httpx.HTTPError:
        return None
    return Placed(answer.json()["id"], trace_id_of(answer)) if answer.status_code == 201 else None


def confirmed(project: Project) -> Placed:
    def look() -> Placed:
        placed = place(project)
        assert placed
        return placed

    return eventually(look, seconds=60)


def stored(project: Project, placed: list[Placed], seconds: float = 60) -> list[Placed]:
    """Wait until Jaeger has the whole trace of each."""

    def look() -> None:
        for one in placed:
            try:
                project.jaeger.trace(one.trace_id).is_tree(TREE)
            except CannotCheck as error:
                raise AssertionError(error) from None

    eventually(look, seconds=seconds)
    return placed


def kept(project: Project, placed: list[Placed]) -> None:
    with project.order as client:
        states = [client.get(f"/orders/{one.order_id}").json().get("status") for one in placed]
    assert states == ["confirmed"] * len(placed)


@contextmanager
def shopping(project: Project) -> Iterator[list[Placed]]:
    """Somebody orders all the time; the list has what was confirmed."""
    done, orders = threading.Event(), list[Placed]()

    def shop() -> None:
        while not done.wait(0.05):
            if placed := place(project):
                orders.append(placed)

    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(shop)
        try:
            yield orders
        finally:
            done.set()
            running.result(60)


def kill(project: Project, name: str) -> None:
    """SIGKILL as the kernel sends it. `docker kill` counts as a stop, and nothing restarts it."""
    found = project.inspect(name)
    try:
        os.kill(found["State"]["Pid"], signal.SIGKILL)
    except OSError:  # an engine in a virtual machine, or not root: the nearest there is
        project.docker("kill", found["Id"])
        project.docker("start", found["Id"])

    def restarted() -> None:
        state = project.inspect(name)["State"]
        assert state["Running"]
        assert state["StartedAt"] != found["State"]["StartedAt"]

    eventually(restarted, seconds=60)


@pytest.mark.parametrize("name", RUNNING)
def test_killed_container_comes_back_and_nothing_promised_is_lost(project: Project, name: str) -> None:
    say("")
    before = stored(project, [confirmed(project) for _ in range(5)])
    # MongoDB's stand-in may lose what it acknowledged in its last milliseconds; MongoDB's journal does not.
    # What is older than a stored trace is on its disk, so `before` must be there; later orders prove nothing.
    lossy = name == "mongo" and project.is_stand_in("mongo")
    with nullcontext(list[Placed]()) if lossy else shopping(project) as meanwhile:
        kill(project, name)
        project.get_well()
    kept(project, before + meanwhile)
    stored(project, before)
    if name in ("jaeger", "otel-collector"):  # spans wait: at the service, then on the Collector's disk
        stored(project, meanwhile)
    stored(project, [confirmed(project)])
    say(f"  {name}: {len(before)} orders and traces from before, {len(meanwhile)} confirmed meanwhile")


def test_restart_of_everything_keeps_orders_and_traces(project: Project) -> None:
    say("")
    before = stored(project, [confirmed(project) for _ in range(10)])
    project.compose("docker compose restart", "restart")
    project.get_well()
    kept(project, before)
    stored(project, [*before, confirmed(project)])


def test_down_and_up_keeps_orders_and_traces_and_down_with_volumes_forgets_them(project: Project) -> None:
    say("")
    before = stored(project, [confirmed(project) for _ in range(10)])
    project.compose("docker compose down", "down")
    project.up()
    kept(project, before)
    stored(project, before)

    project.compose("docker compose down --volumes", "down", "--volumes")
    project.up()
    with project.order as client:
        assert {client.get(f"/orders/{one.order_id}").status_code for one in before} == {404}
    assert [span for one in before for span in project.jaeger.trace(one.trace_id).spans] == []
    stored(project, [confirmed(project)])
