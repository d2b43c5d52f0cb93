"""The system as the settings have it: its mode, its addresses, what of it runs, who has its ports."""

import subprocess
from dataclasses import dataclass

from deploy.native.daemon import Daemon
from deploy.native.ports import ROOT, PortError, check_ports, settings
from deploy.native.programs import ALL, environment

from ..mode import mode
from ..tracecheck import CannotCheck
from ..urls import Urls, urls
from .bounded import within

SERVICES = ("order", "inventory", "payment")
PORTS = {program.name: program.ports for program in ALL}


@dataclass(frozen=True)
class System:
    """`running`: program -> its process, 0 for a container."""

    mode: str
    env: dict[str, str]
    where: Urls
    running: dict[str, int]

    def collector_at(self) -> dict[str, list[str]]:
        """Where the services reach the Collector, by protocol; the first is the one to recommend."""
        if self.mode == "compose":
            return {"http/protobuf": ["otel-collector:4318"], "grpc": ["otel-collector:4317"]}
        ports = {"http/protobuf": self.env["OTLP_HTTP_PORT"], "grpc": self.env["OTLP_GRPC_PORT"]}
        return {protocol: [f"127.0.0.1:{port}", f"localhost:{port}"] for protocol, port in ports.items()}

    def holders(self, program: str) -> tuple[bool, str]:
        """Say whether the program itself has its ports, and who else has one."""
        try:
            check_ports(list(PORTS[program]), self.env)
        except PortError as error:
            lines = [line for line in str(error).splitlines() if line.startswith("port ")]
        else:
            return False, ""
        if self.mode == "compose":  # the engine holds the ports, and only of containers that run
            return program in self.running, "" if program in self.running else "; ".join(lines)
        own = f" pid {self.running.get(program, -1)} ("
        others = [line for line in lines if own not in line]
        return len(others) < len(lines), "; ".join(others)


def look() -> System:
    """Return the system these settings describe. Raises CannotCheck, or ModeError for a wrong MODE."""
    values = settings()
    for variable in (variable for ports in PORTS.values() for variable in ports):
        if not values.get(variable, "").isdecimal() or not 0 < int(values[variable]) < 65536:
            raise CannotCheck(f"{variable}={values.get(variable, '')!r} is not a port number")
    env = environment(values)
    chosen = within(5, mode) or values.get("MODE") or "native"  # an engine that hangs is none
    running = within(5, lambda: _containers() if chosen == "compose" else _processes(env)) or {}
    return System(chosen, env, urls(), running)


def _processes(env: dict[str, str]) -> dict[str, int]:
    return {name: pid for name, (state, pid) in Daemon(env).states().items() if state == "RUNNING"}


def _containers() -> dict[str, int]:
    asked = ["docker", "compose", "ps", "--services", "--status", "running"]
    said = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=10, check=False).stdout
    return dict.fromkeys(said.split(), 0)
