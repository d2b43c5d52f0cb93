"""A stall of two seconds, seen by an open and by a closed loop: the closed one hardly notices it."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.load.locust import LOCUSTFILE, installed

STALL, AFTER, SECONDS, RATE = 2.0, 3.0, 10, 50
STATUS = {"pm_card_ok": 201}


class Shop(BaseHTTPRequestHandler):
    """Answers at once, but for two seconds nobody gets an answer."""

    protocol_version = "HTTP/1.1"
    stalls: float = 0.0

    def do_GET(self) -> None:
        self._answer(200, {"items": [{"sku": "lamp", "available": 100_000}]})

    def do_POST(self) -> None:
        order = json.loads(self.rfile.read(int(self.headers["content-length"])))
        sold_out = order["lines"][0]["sku"] == "unicorn"
        self._answer(409 if sold_out else STATUS.get(order["payment_method"], 402), {"id": "1"})

    def _answer(self, status: int, document: Any) -> None:
        if (left := self.stalls + STALL - time.monotonic()) > 0 and left < STALL:
            threading.Event().wait(left)
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: a line per request helps nobody."""


@contextmanager
def stalling_shop() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("One", (Shop,), {"stalls": time.monotonic() + AFTER}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def p99(directory: Path, **settings: str) -> float:
    """Milliseconds, over all answers of a load on the shop that stalls."""
    directory.mkdir()
    with stalling_shop() as url:
        where = {"ORDER_URL": url, "INVENTORY_URL": url, "LOAD_JOURNAL": str(directory)}
        command = [str(installed()), "-f", str(LOCUSTFILE), "--headless", "--only-summary", "--users", "2"]
        command += ["--run-time", f"{SECONDS}s", "--stop-timeout", "5"]
        environment = os.environ | where | {"OTEL_SDK_DISABLED": "true"} | settings
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    lines = [json.loads(line) for file in directory.glob("*.jsonl") for line in file.read_text().splitlines()]
    times = sorted(took for line in lines for _, _, took in line["answers"])
    assert len(times) > SECONDS * RATE / 2
    return float(times[int(len(times) * 0.99)])


@pytest.mark.timeout(120)
def test_stall_is_seen_by_the_open_loop_and_omitted_by_the_closed_one(tmp_path: Path) -> None:
    opened = p99(tmp_path / "open", SHAPE="open", RATE=str(RATE))
    closed = p99(tmp_path / "closed", THINK="0")
    assert opened > 1000 * STALL * 0.8
    assert closed < opened / 5
