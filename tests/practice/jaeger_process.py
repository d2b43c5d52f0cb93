"""The real Jaeger with a committed configuration, on ports and in a directory of its own."""

import os
import subprocess
from pathlib import Path
from typing import Self

import httpx

from deploy.native import build
from tests.support import eventually, free_ports
from tools.jaeger import Jaeger

CONFIGS = Path(__file__).parents[2] / "deploy" / "jaeger"
PORTS = ("JAEGER_PORT", "JAEGER_HEALTH_PORT", "JAEGER_OTLP_PORT")


class JaegerProcess:
    """`storage`: badger or memory. It may be stopped and started again; what is on disk stays."""

    def __init__(self, directory: Path, storage: str, **environment: str) -> None:
        ports = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
        self.data = directory / "jaeger"
        self.environment = os.environ | ports | {"JAEGER_DATA_DIR": str(self.data)} | environment
        self.otlp = f"127.0.0.1:{ports['JAEGER_OTLP_PORT']}"
        self.url = f"http://127.0.0.1:{ports['JAEGER_PORT']}"
        self.api = Jaeger(self.url)
        self._health = f"http://127.0.0.1:{ports['JAEGER_HEALTH_PORT']}/status"
        self._config, self._log = CONFIGS / f"{storage}.yaml", directory / "jaeger.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.api.close()
        self.stop()

    def start(self) -> None:
        command = [str(build.jaeger()), f"--config={self._config}"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        eventually(self._answers, seconds=30)

    def _answers(self) -> None:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"it ended by itself: {self._log.read_text()[-2000:]}")
        try:
            assert httpx.get(self._health, timeout=2, trust_env=False).status_code == 200
        except httpx.HTTPError as error:
            raise AssertionError(self._log) from error

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def stop(self) -> None:
        """End it as `make down` does; Badger then has everything in its files."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(60)

    def bytes_on_disk(self) -> int:
        """What the directory takes on disk: files here are reserved larger than they are written."""
        return sum(file.stat().st_blocks * 512 for file in self.data.rglob("*") if file.is_file())
