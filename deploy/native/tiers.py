"""Bring the programs of a run up until they are ready, and down in the order that loses nothing."""

import time
from collections.abc import Sequence

from deploy.native.cached import console
from deploy.native.daemon import ENDED, Daemon, StackError
from deploy.native.programs import COLLECTOR, JAEGER, MONGO, SERVICES, Program

PATIENCE = 60.0
"""Seconds for one tier to become ready; a cold laptop needs about 10."""


def start(daemon: Daemon, programs: Sequence[Program], external: Sequence[Program], wait: bool) -> bool:
    """Start those that don't run, and wait for all; return whether there was one to start."""
    states = daemon.states()
    missing = [one for one in programs if one not in external and states[one.name][0] in ENDED]
    for program in missing:
        daemon.run(program.name)
    if wait:
        _await_ready(daemon, programs, quiet=not missing)
    return bool(missing)


def _await_ready(daemon: Daemon, programs: Sequence[Program], quiet: bool) -> None:
    """Poll, saying who is ready; raise as soon as one can't be any more."""
    waiting, began = list(programs), time.monotonic()
    with console.status("") as line:
        while waiting:
            seconds = time.monotonic() - began
            line.update(f"waiting for {', '.join(one.name for one in waiting)} ({seconds:.0f} s)")
            for program in list(waiting):
                state = daemon.states().get(program.name, ("DOWN", 0))[0]
                trouble = program.trouble(daemon.env)
                if trouble is None:
                    waiting.remove(program)
                    if not quiet:
                        console.print(f"{program.name}: ready after {time.monotonic() - began:.1f} s")
                elif state == "FATAL" or seconds > PATIENCE:
                    raise _failure(daemon, program, state, trouble)
            time.sleep(0.05)


def _failure(daemon: Daemon, program: Program, state: str, trouble: str) -> StackError:
    log = daemon.log(program.name)
    where = f"{program.name} ({program.url(daemon.env)}) did not become ready: {trouble}"
    if program == MONGO and not log.exists():
        return StackError(f"{where}\nIt is the MongoDB of MONGODB_URL; unset that to have one started here.")
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:]) if log.exists() else "(no log)"
    return StackError(f"{where}\nIts state is {state}. The end of {log}:\n{tail}")


def stop(daemon: Daemon, programs: Sequence[Program]) -> None:
    """Stop these together and wait until they have ended; supervisord kills who does not in time."""
    for program in programs:
        daemon.end(program.name)
    while any(daemon.states().get(one.name, ("DOWN", 0))[0] not in ENDED for one in programs):
        time.sleep(0.05)


def take_down(daemon: Daemon) -> None:
    """Services before the Collector, it before Jaeger: each can still hand on what it holds."""
    if daemon.alive():
        for programs in (SERVICES, [COLLECTOR], [JAEGER], [MONGO]):
            stop(daemon, programs)
    daemon.shutdown()
