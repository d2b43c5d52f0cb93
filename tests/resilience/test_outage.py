"""payment is away for a while: what could not be finished is listed, and finished once when it is back."""

import shlex
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise

import httpx

from deploy.native.programs import commands
from tests.e2e.conftest import ROOT, Stack
from tests.support import Outside, eventually, free_ports, new_order
from tools.tracecheck import Span

from .chaos import Chaos
from .conftest import FULL
from .figures import Figures
from .recoveries import recoveries
from .storm import RECOVERY, settled

OLD = 30 if FULL else 5
ORDERS = 60 if FULL else 30


def test_pending_orders_are_listed_by_age_and_vanish_when_payment_is_back(
    stack: Stack, chaos: Chaos, figures: Figures
) -> None:
    chaos.stop("payment")
    with stack.order as order:
        ids = {place_pending(order) for _ in range(3)}
        assert not ids & stuck(order)
        eventually(lambda: _same(ids, stuck(order)), seconds=OLD + 3)
        began = time.monotonic()
        chaos.start("payment")
        eventually(lambda: _same(set(), stuck(order)), seconds=RECOVERY)
        figures.say(orders=len(ids), listed_after=OLD, vanished_after=round(time.monotonic() - began, 1))
        assert {order.get(f"/orders/{each}").json()["status"] for each in ids} == {"confirmed"}
    settled(chaos, set())


def place_pending(order: httpx.Client) -> str:
    answer = order.post("/orders", json=new_order())
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def stuck(order: httpx.Client) -> set[str]:
    found = order.get("/orders", params={"status": "pending", "older_than": OLD, "limit": 100}).json()[
        "items"
    ]
    return {each["id"] for each in found}


def _same(wanted: set[str], found: set[str]) -> None:
    assert found == wanted


def test_two_replicas_of_order_recover_each_order_once_and_never_both_at_a_time(
    stack: Stack, chaos: Chaos, figures: Figures
) -> None:
    began = datetime.now(UTC)
    with replica_of_order(chaos) as second, stack.order as first:
        chaos.stop("payment")
        with ThreadPoolExecutor(4) as clients:
            ids = set(clients.map(place_pending, [first, second] * (ORDERS // 2)))
        with chaos.fault("payment-slow"):  # so a round takes longer than the time between two: they meet
            chaos.start("payment")
            _, seconds = settled(chaos, set())
        by_order = eventually(lambda: _whole(stack, ids, began), seconds=15)
    replicas = {span.resource["service.instance.id"] for spans in by_order.values() for span in spans}
    tries = sum(map(len, by_order.values()))
    figures.say(orders=len(ids), recoveries=tries, replicas=len(replicas), settled_after=seconds)
    assert len(replicas) == 2
    for order_id, spans in by_order.items():
        ended = [span.attributes["shop.order.status"] for span in spans]
        assert ended == ["pending"] * (len(ended) - 1) + ["confirmed"], order_id
        for one, next_one in pairwise(spans):
            assert one.end <= next_one.start, f"{order_id}: two replicas were at it"


@contextmanager
def replica_of_order(chaos: Chaos) -> Iterator[Outside]:
    """A second `order` on a port of its own, beside the one supervisord runs."""
    (port,) = free_ports(1)
    uvicorn = shlex.split(commands(chaos.env, mongo=True)["SPANSHOP_UVICORN"])
    env = chaos.env | {"OTEL_SERVICE_NAME": "order"}
    process = subprocess.Popen(
        [*uvicorn, "order.main:app", "--port", str(port)],
        cwd=ROOT / "services",
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with Outside(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            eventually(lambda: _ready(client), seconds=30)
            yield client
    finally:
        process.terminate()
        process.wait(20)


def _ready(client: httpx.Client) -> None:
    try:
        assert client.get("/readyz").status_code == 200
    except httpx.HTTPError as error:
        raise AssertionError from error


def _whole(stack: Stack, ids: set[str], since: datetime) -> dict[str, list[Span]]:
    """Every recovery of these orders, once the last of each is there."""
    found = recoveries(stack.jaeger, ids, since)
    assert set(found) == ids
    assert all(spans[-1].attributes["shop.order.status"] != "pending" for spans in found.values())
    return found
