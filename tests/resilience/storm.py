"""Orders while things break: drive, strike, let it settle, and judge what is written down."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tools.audit import Report, audited, load, text

from .chaos import Blow, Chaos
from .driver import FATES, Driver, Wanted

ALLOWED = {0, 201, 202, 402, 409, 503}
"""What a client may see while services are killed; 0 is no answer."""
RECOVERY = 30.0


@dataclass(frozen=True)
class Storm:
    """What happened to these orders."""

    wanted: list[Wanted]
    driver: Driver
    blows: list[Blow]

    @property
    def acknowledged(self) -> set[str]:
        return {order_id for wanted in self.wanted for order_id in wanted.acknowledged}

    def figures(self) -> dict[str, object]:
        kills = [blow for blow in self.blows if blow.name != "mongo"]
        return {
            "orders": len(self.wanted),
            "kills": len(kills),
            "kills with an order in flight": sum(blow.in_flight > 0 for blow in kills),
            "stops of MongoDB": len(self.blows) - len(kills),
            "requests": self.driver.statuses.total(),
            "answers": dict(sorted(self.driver.statuses.items())),
            "ended pending for the client": sum(
                any(answer.status == 202 for answer in wanted.answers) for wanted in self.wanted
            ),
            "seconds": round(self.driver.seconds, 1),
        }


def storm(chaos: Chaos, driver: Driver, wanted: list[Wanted], blows: Sequence[Blow] = ()) -> Storm:
    """Place the orders while the blows fall; return when all have an answer and all programs are well."""
    done = asyncio.run(_both(chaos, driver, wanted, blows))
    chaos.await_well()
    return Storm(wanted, driver, done)


async def _both(chaos: Chaos, driver: Driver, wanted: list[Wanted], blows: Sequence[Blow]) -> list[Blow]:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(driver.place(wanted))
        struck = tasks.create_task(_strike(chaos, driver, blows))
    return struck.result()


async def _strike(chaos: Chaos, driver: Driver, blows: Sequence[Blow]) -> list[Blow]:
    done = []
    for blow in blows:
        while driver.answered < blow.after:  # noqa: ASYNC110 - a counter; nobody sets an event for it
            await asyncio.sleep(0.005)
        done.append(await asyncio.to_thread(chaos.strike, blow, lambda: driver.in_flight))
    return done


def settled(chaos: Chaos, acknowledged: set[str]) -> tuple[Report, float]:
    """Wait for the end of recovery, now that all is reachable. Return the audit, which holds, and seconds."""
    began = time.monotonic()
    report = audited(lambda: load(chaos.mongodb_url, acknowledged), wait=RECOVERY)
    assert report.holds, text(report)
    return report, round(time.monotonic() - began, 1)


def fates(chaos: Chaos, keys: Sequence[str]) -> dict[str, tuple[str, str | None]]:
    """Status and reason of the orders with these keys."""
    with chaos.mongodb() as client:
        fields = {"idempotency_key": 1, "status": 1, "reason": 1}
        found = list(client["order"]["orders"].find({}, fields))
    wanted = set(keys)
    mine = [order for order in found if order.get("idempotency_key") in wanted]
    return {order["idempotency_key"]: (order["status"], order["reason"]) for order in mine}


def assert_all_as_wanted(chaos: Chaos, wanted: list[Wanted]) -> None:
    """Every order exists and came out as its kind should; every client got one id and a true answer."""
    found = fates(chaos, [each.key for each in wanted])
    wrong = Counter(
        f"{each.kind}: {found.get(each.key, 'missing')}"
        for each in wanted
        if found.get(each.key) != FATES[each.kind]
    )
    assert not wrong, wrong
    for each in wanted:
        assert {answer.status for answer in each.answers} <= ALLOWED, each
        assert len({answer.order_id for answer in each.answers if answer.order_id}) == 1, each
        assert bool(each.acknowledged) <= (each.kind == "good"), each
