"""A native run as functions: up, down, status, restart, logs. The front door and the tests use these."""

import fcntl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from deploy.native.daemon import Daemon, StackError
from deploy.native.ports import check_ports, settings
from deploy.native.programs import ALL, MONGO, TIERS, Program, commands, environment
from deploy.native.tiers import start, stop, take_down


class Status(NamedTuple):
    """One line of `status`."""

    name: str
    state: str
    pid: int | None
    url: str
    healthy: bool


def up(wait: bool = True) -> bool:
    """Bring everything up; return False if it was up already. What can't come up is taken down again."""
    daemon, external = _load()
    with _alone(daemon):
        if fresh := not daemon.alive():
            daemon.shutdown()  # what a killed supervisord left behind holds the ports
            check_ports([port for one in ALL if one not in external for port in one.ports], daemon.env)
        try:
            if fresh:
                daemon.start(commands(daemon.env, mongo=MONGO not in external))
            started = [start(daemon, tier, external, wait) for tier in TIERS]
        except BaseException:
            if fresh:
                take_down(daemon)
            raise
    return any(started)


def down() -> None:
    """Stop everything, services first, and wait until it is gone. Quiet if nothing runs."""
    daemon, _ = _load()
    if daemon.state.exists():
        with _alone(daemon):
            take_down(daemon)


def status() -> list[Status]:
    """Say of every program how it is."""
    daemon, external = _load()
    states, found = daemon.states(), []
    for program in ALL:
        state, pid = states.get(program.name, ("DOWN", 0))
        if program in external:
            state = "EXTERNAL"
        healthy = state in ("RUNNING", "EXTERNAL") and program.trouble(daemon.env) is None
        found.append(Status(program.name, state, pid or None, program.url(daemon.env), healthy))
    return found


def restart(name: str) -> None:
    """Stop one program, start it again and wait until it is ready."""
    daemon, external = _load()
    program = {one.name: one for one in ALL if one not in external}.get(name)
    if program is None or not daemon.alive():
        raise StackError(f"{name} does not run here." if program else f"There is no program {name} here.")
    with _alone(daemon):
        stop(daemon, [program])
        start(daemon, [program], external, wait=True)


def logs(name: str = "*", lines: int = 20, follow: bool = False) -> None:
    """Print the end of one log or of all."""
    daemon, _ = _load()
    files = sorted(map(str, daemon.state.glob(f"logs/{name}.log")))
    if not files:
        raise StackError(f"There is no log {name} in {daemon.state / 'logs'}.")
    subprocess.run(["tail", "-n", str(lines), *(["-F"] if follow else []), *files], check=False)


def _load() -> tuple[Daemon, list[Program]]:
    """Return the run these settings describe, and what of it is somebody else's to run."""
    values = settings()
    return Daemon(environment(values)), [MONGO] if values.get("MONGODB_URL") else []


@contextmanager
def _alone(daemon: Daemon) -> Iterator[None]:
    """Keep a second `up` or `down` of the same run waiting."""
    daemon.state.mkdir(parents=True, exist_ok=True)
    with (daemon.state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
