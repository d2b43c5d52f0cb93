"""A real Prometheus with the committed configuration: the one on the PATH, else Debian's, unpacked."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from deploy.native.cached import BuildError, Step, build, place
from tests.e2e.conftest import ROOT, Stack
from tests.support import eventually

CONFIG = ROOT / "deploy" / "prometheus" / "prometheus.yml"
# Unpacked, not installed: Debian's package would start a service and pull in its own web pages.
UNPACK = """
cd {out}
apt-get download -q prometheus || { apt-get update -q; apt-get download -q prometheus; }
dpkg-deb -x prometheus_*.deb all
mv all/usr/bin/prometheus .
rm -r all prometheus_*.deb
"""


def program() -> str:
    """Return the path of a prometheus. Where there can be none, skip and say why; CI has to have one."""
    if found := shutil.which("prometheus"):
        return found
    if shutil.which("apt-get") and shutil.which("dpkg-deb"):
        target = place("prometheus", "debian", [])
        try:
            build("Prometheus", target, [Step("fetching Debian's package", ["sh", "-ec", UNPACK], Path("/"))])
        except BuildError as error:
            return _without(str(error))
        return str(target / "prometheus")
    return _without("no prometheus on the PATH, and no apt-get to fetch Debian's")


def _without(reason: str) -> str:
    if os.environ.get("CI"):
        pytest.fail(f"the dashboards were NOT checked: {reason}")
    print(f"the dashboards were NOT checked: {reason}", file=sys.stderr)
    pytest.skip(f"the dashboards were NOT checked: {reason}")


class Prometheus:
    """Runs on the stack's PROMETHEUS_PORT, where its Jaeger looks for it, with a directory of its own."""

    def __init__(self, stack: Stack, directory: Path) -> None:
        self.url, self._directory = stack.url("PROMETHEUS"), directory
        self._config = directory / "prometheus.yml"
        self._config.write_text(_with_ports_of(stack))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = [f"--config.file={self._config}", f"--storage.tsdb.path={self._directory / 'data'}"]
        options += ["--enable-feature=exemplar-storage", f"--web.listen-address={self.url.split('//')[1]}"]
        with (self._directory / "log").open("wb") as log:
            self._process = subprocess.Popen([program(), *options], stdout=log, stderr=log)
        eventually(self._healthy, seconds=20)

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(20)

    @property
    def megabytes(self) -> float:
        assert self._process
        return psutil.Process(self._process.pid).memory_info().rss / 1e6

    def get(self, path: str, **query: str) -> Any:
        """Return the data of an answer; Prometheus's own words are the failure."""
        answer = httpx.get(f"{self.url}/api/v1/{path}", params=query, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def _healthy(self) -> None:
        try:
            assert httpx.get(f"{self.url}/-/healthy", timeout=10).status_code == 200
        except httpx.HTTPError as error:
            raise AssertionError(f"{error}: {(self._directory / 'log').read_text()[-1500:]}") from None


def _with_ports_of(stack: Stack) -> str:
    """The committed file, with nothing changed but where the Collector listens."""
    text = CONFIG.read_text()
    for name in ("COLLECTOR_METRICS", "COLLECTOR_EXPORTED_METRICS"):
        inside = f"otel-collector:{_default(f'{name}_PORT')}"
        assert text.count(inside) == 1, inside
        text = text.replace(inside, stack.url(name).split("//")[1])
    return text


def _default(variable: str) -> str:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return next(line.split("=")[1] for line in lines if line.startswith(f"{variable}="))
