"""supervisord seen from outside: one daemon per state directory, spoken to over its unix socket."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

import psutil
from supervisor.xmlrpc import SupervisorTransport  # type: ignore[import-untyped]

CONFIG = Path(__file__).with_name("supervisord.conf")
ENDED = ("STOPPED", "EXITED", "FATAL", "DOWN")


class StackError(Exception):
    """Says what did not come up, with the end of its log."""


class Daemon:
    """The supervisord of one run, whether it lives or not."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = dict(env)
        self.state = Path(env["SPANSHOP_STATE"])

    def start(self, commands: Mapping[str, str]) -> None:
        """Start it with no program running. It outlives this process and its terminal."""
        (self.state / "logs").mkdir(parents=True, exist_ok=True)
        (self.state / "data").mkdir(exist_ok=True)
        begun = subprocess.run(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(CONFIG)],
            env={**self.env, **commands},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            start_new_session=True,
        )
        deadline = time.monotonic() + 10
        while not self.alive():
            if begun.returncode or time.monotonic() > deadline:
                raise StackError(
                    f"supervisord does not run. {begun.stderr}{self.log('supervisord')} may say why."
                )
            time.sleep(0.05)

    def alive(self) -> bool:
        try:
            self._call("getState")
        except (OSError, HTTPException):
            return False
        return True

    def states(self) -> dict[str, tuple[str, int]]:
        """Return state and pid by program; empty when there is no daemon."""
        try:
            found = self._call("getAllProcessInfo")
        except (OSError, HTTPException):
            return {}
        return {one["name"]: (one["statename"], one["pid"]) for one in found}

    def run(self, name: str) -> None:
        self._call("startProcess", name, False)

    def end(self, name: str) -> None:
        """Ask it to end; an ended one is left as it is."""
        try:
            self._call("stopProcess", name, False)
        except Fault as fault:
            if "NOT_RUNNING" not in fault.faultString:
                raise

    def shutdown(self) -> None:
        """End supervisord and whatever still carries its mark, and wait until all are gone."""
        if self.alive():
            pid = self._call("getPID")
            self._call("shutdown")
            if psutil.pid_exists(pid):
                psutil.wait_procs([psutil.Process(pid)], timeout=60)
        left = self._marked()
        for process in left:
            process.terminate()
        for process in psutil.wait_procs(left, timeout=10)[1]:
            process.kill()

    def _marked(self) -> list[psutil.Process]:
        """Every process of this run, also those whose supervisord was killed. Other runs have other marks."""
        found = []
        for process in psutil.process_iter():
            try:
                if (
                    process.environ().get("SPANSHOP_SUPERVISED") == str(self.state)
                    and process.pid != os.getpid()
                ):
                    found.append(process)
            except psutil.Error:  # gone by now, or of another user
                continue
        return found

    def log(self, name: str) -> Path:
        return self.state / "logs" / f"{name}.log"

    def _call(self, method: str, *arguments: object) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self.env['SPANSHOP_SOCKET']}")
        with ServerProxy("http://127.0.0.1", transport) as proxy:
            return getattr(proxy.supervisor, method)(*arguments)
