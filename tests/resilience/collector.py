"""The real Collector with the committed configuration, to be killed and started again."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx

from deploy.native import build
from tests.support import Outside, eventually, free_ports

BASE = Path(__file__).parents[2] / "deploy" / "otel-collector" / "base.yaml"
PORTS = (
    "OTLP_HTTP_PORT",
    "OTLP_GRPC_PORT",
    "COLLECTOR_HEALTH_PORT",
    "COLLECTOR_METRICS_PORT",
    "COLLECTOR_EXPORTED_METRICS_PORT",
)


class Collector:
    """Sends to `jaeger` (host:port); its queue lies in `directory`. `more` are further configurations.

    `binary`: what builds or finds the program; `environment`: what else it is to know.
    """

    def __init__(
        self,
        directory: Path,
        jaeger: str,
        *more: str | Path,
        binary: Callable[[], Path] = build.collector,
        **environment: str,
    ) -> None:
        directory.mkdir(exist_ok=True)
        ports = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
        ours = {"JAEGER_OTLP_ENDPOINT": jaeger, "COLLECTOR_QUEUE_DIR": str(directory / "queue")}
        self._environment = os.environ | ports | ours | environment
        self._configs = [f"--config={config}" for config in (BASE, *more)]
        self._binary = binary
        self.log = directory / "collector.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._health = f"http://127.0.0.1:{ports['COLLECTOR_HEALTH_PORT']}"
        self.url = f"http://127.0.0.1:{ports['OTLP_HTTP_PORT']}"
        self.grpc = f"127.0.0.1:{ports['OTLP_GRPC_PORT']}"
        self.exported = f"http://127.0.0.1:{ports['COLLECTOR_EXPORTED_METRICS_PORT']}/metrics"
        self.own = f"http://127.0.0.1:{ports['COLLECTOR_METRICS_PORT']}/metrics"

    def start(self) -> None:
        """Return once it takes spans."""
        command = [str(self._binary()), *self._configs]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)
        eventually(self._answers, seconds=20)

    def _answers(self) -> None:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"it ended by itself: {self.log.read_text()[-2000:]}")
        try:
            with Outside(base_url=self._health, timeout=2) as client:
                assert client.get("/").status_code == 200
        except httpx.HTTPError as error:
            raise AssertionError(self.log) from error

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(20)
