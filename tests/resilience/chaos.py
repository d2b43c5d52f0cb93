"""Kills, stops and pauses the programs of a running system, and makes it well again."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import pymongo

from deploy.native.daemon import ENDED, Daemon
from deploy.native.programs import ALL, MONGO, SERVICES, Program, environment
from deploy.native.tiers import stop
from tests.e2e.conftest import Stack
from tests.support import eventually
from tools.faults import switch, switching

PROGRAMS = {program.name: program for program in ALL}
KILLABLE = [program.name for program in SERVICES]


@dataclass(frozen=True)
class Blow:
    """Something to break once so many orders are answered, and how many were in flight at that moment.

    `delay`: so many seconds after an order was seen in flight, to strike anywhere in its life.
    """

    after: int
    name: str
    delay: float
    in_flight: int = 0

    def __str__(self) -> str:
        return f"{'stop' if self.name == MONGO.name else 'kill -9'} {self.name}"


def plan(
    orders: int, kills: int, stops: int, dice: random.Random, victims: Sequence[str] = KILLABLE
) -> list[Blow]:
    """Spread the blows at random over the orders: each victim is killed as often, MongoDB stopped."""
    names = [victims[n % len(victims)] for n in range(kills)] + [MONGO.name] * stops
    dice.shuffle(names)
    moments = sorted(dice.sample(range(orders // 20, orders - orders // 20), len(names)))
    return [Blow(after, name, dice.uniform(0, 0.02)) for after, name in zip(moments, names, strict=True)]


class Chaos:
    """The programs of one stack, by their names in supervisord.conf."""

    def __init__(self, stack: Stack) -> None:
        self.env = environment(stack.environment)
        self.mongodb_url = self.env["MONGODB_URL"]
        self._daemon = Daemon(self.env)

    def process(self, name: str) -> psutil.Process:
        """The program's process, once it counts as RUNNING: to be killed earlier would be a failed start."""

        def running() -> psutil.Process:
            state, pid = self._daemon.states()[name]
            assert state == "RUNNING", f"{name} is {state}"
            return psutil.Process(pid)

        return eventually(running, seconds=30)

    def kill(self, name: str) -> None:
        """SIGKILL, and wait until supervisord has noticed; it starts the program again."""
        process = self.process(name)
        process.kill()
        process.wait(10)

    def stop(self, *names: str) -> None:
        """SIGTERM, and wait for the end."""
        stop(self._daemon, [PROGRAMS[name] for name in names])

    def start(self, *names: str) -> None:
        """Start those and wait until they are ready."""
        for name in names:
            self._daemon.run(name)
        self.await_well()

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """SIGSTOP, and SIGCONT at the end: it has its port, takes connections and does nothing."""
        process = self.process(name)
        process.suspend()
        try:
            yield
        finally:
            process.resume()

    @contextmanager
    def fault(self, name: str, variant: str = "on") -> Iterator[None]:
        """Switch a fault flag on, and off again at the end."""
        self._switch(name, variant)
        try:
            yield
        finally:
            self._switch(name, "off")

    def _switch(self, name: str, variant: str) -> None:
        with switching(Path(self.env["FAULTS_FILE"])) as flags:
            switch(flags[name], variant)

    def strike(self, blow: Blow, in_flight: Callable[[], int]) -> Blow:
        """Break what the blow names; return it with the number of orders in flight right then."""
        process = self.process(blow.name)
        _await_one(in_flight, blow.delay)
        seen = replace(blow, in_flight=in_flight())
        if blow.name == MONGO.name:
            self.stop(blow.name)
            self._daemon.run(blow.name)
        else:
            process.kill()
            process.wait(10)  # supervisord has noticed: the next kill is not of a corpse
        print(f"  {blow} after {blow.after} orders, {seen.in_flight} in flight", flush=True)
        return seen

    def make_well(self) -> None:
        """Start what does not run, wait for the rest."""
        for name, (state, _) in self._daemon.states().items():
            if state in ENDED:
                self._daemon.run(name)
        self.await_well()

    def await_well(self, seconds: float = 60) -> None:
        """Wait until every program runs and is ready."""
        eventually(lambda: [self._is_well(program) for program in ALL], seconds=seconds)

    def _is_well(self, program: Program) -> None:
        state = self._daemon.states().get(program.name, ("DOWN", 0))[0]
        assert state == "RUNNING", f"{program.name} is {state}"
        assert (trouble := program.trouble(self.env)) is None, f"{program.name}: {trouble}"

    @contextmanager
    def mongodb(self) -> Iterator[pymongo.MongoClient[dict[str, Any]]]:
        """A client to look at what is written down."""
        with pymongo.MongoClient[dict[str, Any]](self.mongodb_url, tz_aware=True) as client:
            yield client


def _await_one(in_flight: Callable[[], int], delay: float) -> None:
    """Wait for a moment at which an order was in flight before and after the delay; for a second at most."""
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        before = in_flight()
        time.sleep(delay if before else 0.001)
        if before and in_flight():
            return
