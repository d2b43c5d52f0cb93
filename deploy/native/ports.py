"""Settings from the one table that compose, native run and doctor share; the check that ports are free."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]


class PortError(Exception):
    """Names every port that can't be used, its variable and who has it."""


def settings() -> dict[str, str]:
    """Return .env.example under .env under the environment. Empty means not set, as in compose."""
    merged = _read(ROOT / ".env.example") | _read(ROOT / ".env")
    return merged | {name: value for name, value in os.environ.items() if value or name not in merged}


def _read(file: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in file.read_text().splitlines() if file.exists() else ():
        name, sign, value = line.strip().removeprefix("export ").partition("=")
        if sign and not name.startswith("#"):
            found[name.strip()] = value.split(" #")[0].strip().strip("\"'")
    return found


def state_dir(values: Mapping[str, str]) -> Path:
    """Where a run keeps its data and logs; a second run beside the first needs another one."""
    return (ROOT / (values.get("SPANSHOP_STATE") or ".spanshop")).resolve()


def check_ports(variables: list[str], values: Mapping[str, str]) -> None:
    """Raise one PortError about all that is wrong with these ports."""
    problems: list[str] = []
    seen: dict[int, str] = {}
    for variable in variables:
        text = values.get(variable, "")
        if not text.isdecimal() or not 0 < int(text) < 65536:
            problems.append(f"{variable}={text!r} is not a port number")
            continue
        port = int(text)
        if other := seen.setdefault(port, variable):
            if other != variable:
                problems.append(f"port {port} is used twice: {other} and {variable}")
            elif _taken(port):
                problems.append(f"port {port} ({variable}) is taken by {_owner(port)}")
    if problems:
        fix = "Nothing was started. Stop it, or choose another port in .env or the environment."
        raise PortError("\n".join([*problems, fix]))


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            return True
    with socket.socket() as probe:  # bound without listening, or listening with a full queue
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _owner(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            local = connection.laddr
            if connection.status == psutil.CONN_LISTEN and connection.pid and local and local.port == port:
                return f"pid {connection.pid} ({psutil.Process(connection.pid).name()})"
    except psutil.Error:  # not ours to look at, on some systems
        pass
    return "another process (of another user, or in a container)"
