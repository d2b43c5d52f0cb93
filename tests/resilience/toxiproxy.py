"""Toxiproxy: a TCP proxy per edge of the system that delays, cuts, slices or swallows what goes through."""

import subprocess
from pathlib import Path
from typing import Any, Self

import httpx

from deploy.native import build
from deploy.native.cached import Step, place
from deploy.native.cached import build as build_once
from tests.support import Outside, eventually, free_ports

VERSION = "2.5.0"  # as in toxiproxy/go.mod; later ones take --seed and ignore it
MODULE = Path(__file__).parent / "toxiproxy"


def program() -> Path:
    """The server's binary, built from the Go module proxy the first time (half a minute)."""
    target = place("toxiproxy", VERSION, [MODULE / "go.mod", MODULE / "go.sum"])
    if not target.exists():
        command = [
            build._go(),
            "build",
            "-v",
            "-mod=readonly",
            "-trimpath",
            "-buildvcs=false",
            "-ldflags=-s -w",
        ]
        command += ["-o", "{out}/toxiproxy", "github.com/Shopify/toxiproxy/v2/cmd/server"]
        env = {"CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off", "GOTOOLCHAIN": "local"}
        build_once("Toxiproxy", target, [Step("downloading and compiling", command, MODULE, env)])
    return target / "toxiproxy"


class Toxiproxy:
    """The server and its proxies. A toxic acts on answers, on a share (toxicity) of the connections."""

    def __init__(self, log: Path, seed: int) -> None:
        port = free_ports(1)[0]
        command = [str(program()), "-host", "127.0.0.1", "-port", str(port), "-seed", str(seed)]
        with log.open("wb") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output)
        self._api = Outside(base_url=f"http://127.0.0.1:{port}", timeout=10)

    def __enter__(self) -> Self:
        eventually(self._answers)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._api.close()

    def _answers(self) -> None:
        assert self._process.poll() is None
        try:
            assert self._api.get("/version").status_code == 200
        except httpx.HTTPError as error:
            raise AssertionError("Toxiproxy does not answer") from error

    def proxy(self, edge: str, port: int) -> int:
        """Put a proxy before `port` of this machine and return its own port."""
        made = self._post("/proxies", name=edge, upstream=f"127.0.0.1:{port}", listen="127.0.0.1:0")
        return int(made["listen"].rpartition(":")[2])

    def poison(self, edge: str, kind: str, toxicity: float = 1.0, **attributes: int) -> None:
        """Add a toxic; again to draw anew which of the open connections it acts on."""
        there = self._api.get(f"/proxies/{edge}/toxics/fault").status_code == 200
        where = f"/proxies/{edge}/toxics" + ("/fault" if there else "")
        self._post(where, name="fault", type=kind, toxicity=toxicity, attributes=attributes)

    def cut(self, edge: str) -> None:
        """Close the proxy: its connections end, new ones are refused."""
        self._post(f"/proxies/{edge}", enabled=False)

    def heal(self) -> None:
        """Remove every toxic and open every proxy."""
        self._post("/reset")

    def _post(self, path: str, **document: object) -> dict[str, Any]:
        answer = self._api.post(path, json=document)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}
