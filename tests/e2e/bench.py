"""A running system in which single programs are replaced by ones with a fault; others stay as they are."""

import contextlib
import os
import shlex
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

from deploy.native.daemon import Daemon
from deploy.native.programs import ALL, MONGO, SERVICES, commands, environment
from deploy.native.tiers import stop
from tests.e2e.conftest import ROOT, Stack
from tests.support import eventually

DOWN = "down"
How = str | Mapping[str, str]  # DOWN, a Collector overlay, or more environment
PROGRAMS = {program.name: program for program in ALL}


class Bench:
    """`be` brings the system into exactly the wanted state, with as few restarts as it takes."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.state = Path(stack.environment["SPANSHOP_STATE"])
        self.env = environment(stack.environment)
        self.daemon = Daemon(self.env)
        self._now: dict[str, How] = {}
        self._planted: dict[str, subprocess.Popen[bytes]] = {}

    def be(self, wanted: Mapping[str, How]) -> None:
        """`wanted`: how single programs are; those not named are well."""
        changed = [name for name in PROGRAMS if self._now.get(name) != wanted.get(name)]
        for name in changed:
            if process := self._planted.pop(name, None):
                process.terminate()
                process.wait(20)
        stop(self.daemon, [PROGRAMS[name] for name in changed])
        self._now = dict(wanted)
        for name in changed:
            if name not in wanted:
                self.daemon.run(name)
            elif wanted[name] != DOWN:
                self._planted[name] = self._start(name, wanted[name])
        # MongoDB's coming and going changes every service's readiness.
        waiting = list(PROGRAMS) if MONGO.name in changed else changed
        eventually(lambda: self._settle(waiting), seconds=90)

    def close(self) -> None:
        for process in self._planted.values():
            process.terminate()
            process.wait(20)

    def _start(self, name: str, how: How) -> subprocess.Popen[bytes]:
        lines, more = commands(self.env, mongo=True), how if not isinstance(how, str) else {}
        if name == "otel-collector":
            command = shlex.split(lines["SPANSHOP_COLLECTOR"])
            if isinstance(how, str):
                (self.state / "overlay.yaml").write_text(how)
                command.append(f"--config={self.state / 'overlay.yaml'}")
        else:
            port = self.env[PROGRAMS[name].ports[0]]
            command = [*shlex.split(lines["SPANSHOP_UVICORN"]), f"{name}.main:app", "--port", port]
        env = self.env | {"OTEL_SERVICE_NAME": name} | {k: v.format_map(self.env) for k, v in more.items()}
        with (self.state / "logs" / "planted.log").open("ab") as log:
            return subprocess.Popen(command, cwd=ROOT / "services", env=env, stdout=log, stderr=log)

    def _settle(self, waiting: list[str]) -> None:
        """Drop from `waiting` who is as it should be; the others are asked again."""
        waiting[:] = [name for name in waiting if not self._arrived(name)]
        assert not waiting, f"not ready: {waiting}"

    def _arrived(self, name: str) -> bool:
        program, how = PROGRAMS[name], self._now.get(name)
        if how == DOWN:
            return True
        if program in SERVICES and (how is not None or MONGO.name in self._now):
            try:  # it lives; it can't be ready
                return httpx.get(f"{program.url(self.env)}/healthz", timeout=3).status_code == 200
            except httpx.HTTPError:
                return False
        return program.trouble(self.env) is None

    @contextlib.contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """The program has its port and does nothing."""
        pid = self.daemon.states()[name][1]
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def held(*ports: str) -> Iterator[None]:
    """Somebody else has these ports, takes connections and never answers."""
    with contextlib.ExitStack() as stack:
        for port in ports:
            stack.enter_context(socket.create_server(("127.0.0.1", int(port))))
        yield
