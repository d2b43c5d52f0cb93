"""The compose project under test: its own name, free ports, and what Docker says of its containers."""

import json
import os
import subprocess
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from tests.support import Outside, eventually, free_ports
from tools.jaeger import Jaeger

from .images import LABEL, compose_file
from .shell import say, shown

ROOT = Path(__file__).parents[2]
NAME = "spanshop-test"
SHOP = {"order": "ORDER_PORT", "inventory": "INVENTORY_PORT", "payment": "PAYMENT_PORT"}
DECLARED: dict[str, dict[str, Any]] = compose_file()["services"]
SERVICES = {name: service for name, service in DECLARED.items() if "profiles" not in service}
RUNNING = [name for name, service in SERVICES.items() if service["restart"] != "no"]
CHECKED = [name for name, service in SERVICES.items() if "healthcheck" in service]
# No file of the user's decides here: no .env, no override.
COMPOSE = ["docker", "compose", "--ansi", "never", "--env-file", os.devnull]
COMPOSE += ["--project-name", NAME, "--project-directory", str(ROOT)]
COMPOSE += ["--file", str(ROOT / "docker-compose.yml")]


def environment() -> dict[str, str]:
    """Free ports for every variable of the table, and nothing of the user's that compose would read."""
    table = (ROOT / ".env.example").read_text().splitlines()
    names = [line.split("=")[0] for line in table if "_PORT=" in line and not line.startswith("#")]
    ports = {name: str(port) for name, port in zip(names, free_ports(len(names)), strict=True)}
    theirs = ("OTEL_", "JAEGER_")
    return {key: value for key, value in os.environ.items() if not key.startswith(theirs)} | ports


@dataclass
class Project:
    """The running system as a user's `docker compose` has it."""

    environment: dict[str, str] = field(default_factory=environment)
    measured: dict[str, float] = field(default_factory=dict)  # seconds, by what took them

    def compose(self, title: str, *arguments: str, seconds: float = 300) -> float:
        return shown(title, [*COMPOSE, *arguments], seconds=seconds, env=self.environment, cwd=ROOT)

    def docker(self, *arguments: str, check: bool = True) -> str:
        command = ["docker", *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def inspect(self, service: str) -> dict[str, Any]:
        """What Docker says of the service's container."""
        labels = [f"label=com.docker.compose.project={NAME}", f"label=com.docker.compose.service={service}"]
        ids = self.docker("ps", "-aq", "--filter", labels[0], "--filter", labels[1]).split()
        assert len(ids) == 1, f"{service}: containers {ids}"
        found: dict[str, Any] = json.loads(self.docker("inspect", ids[0]))[0]
        return found

    def is_stand_in(self, service: str) -> bool:
        return LABEL in (self.inspect(service)["Config"]["Labels"] or {})

    def url(self, variable: str) -> str:
        return f"http://127.0.0.1:{self.environment[variable]}"

    @property
    def order(self) -> Outside:
        return Outside(base_url=self.url("ORDER_PORT"), timeout=20)

    @cached_property
    def jaeger(self) -> Jaeger:
        return Jaeger(self.url("JAEGER_PORT"))

    def up(self, title: str = "docker compose up --wait") -> float:
        return self.compose(title, "up", "--detach", "--wait", "--wait-timeout", "240", seconds=270)

    def well(self) -> None:
        """Every container runs, is healthy where it can say so, and the Collector answers from outside."""
        for name in RUNNING:
            state = self.inspect(name)["State"]
            assert state["Running"], (name, state)
            assert name not in CHECKED or state["Health"]["Status"] == "healthy", (name, state["Health"])
        assert answers(self.url("COLLECTOR_HEALTH_PORT")), "the Collector's health check"

    def get_well(self, seconds: float = 180) -> None:
        eventually(self.well, seconds=seconds)

    def take_down(self) -> None:
        self.jaeger._http.close()
        options = ("--volumes", "--remove-orphans", "--rmi", "local")
        self.compose("docker compose down --volumes", "down", *options)


def answers(url: str) -> bool:
    try:
        with Outside(timeout=1, verify=False) as client:  # nothing to verify, and quick to make
            return client.get(url).status_code == 200
    except httpx.HTTPError:
        return False


def wait_for(url: str, seconds: float) -> float:
    """The time (since 1970) at which it first answered 200."""
    deadline = time.monotonic() + seconds
    while not answers(url):
        assert time.monotonic() < deadline, f"{url} did not answer within {seconds} s"
        time.sleep(0.02)
    return time.time()


def table(rows: list[list[str]]) -> None:
    """Print it, numbers to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.ljust(w) if i == 0 else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        say("  " + "  ".join(cells))


def stages(measured: dict[str, float]) -> str:
    return ", ".join(f"{what} {seconds:.1f} s" for what, seconds in measured.items())
