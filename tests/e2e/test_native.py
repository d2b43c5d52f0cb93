"""What a native run does for the shop under load."""

from contextlib import closing
from http.client import HTTPConnection

import psutil
import pytest

from deploy.native.daemon import Daemon
from deploy.native.programs import environment
from tests.e2e.conftest import Stack

UVICORNS_PATIENCE = 5.0  # seconds


def test_jaeger_and_collector_stand_behind_the_shop_and_on_one_core_each(stack: Stack) -> None:
    running = Daemon(environment(stack.environment)).states()
    processes = {name: psutil.Process(pid) for name, (_, pid) in running.items()}
    nice = {name: process.nice() for name, process in processes.items()}
    cores = {name: process.environ().get("GOMAXPROCS") for name, process in processes.items()}
    shop = {nice[name] for name in ("order", "inventory", "payment", "mongo")}
    assert nice["jaeger"] >= nice["otel-collector"] >= max(shop) + 10
    assert cores["jaeger"] == cores["otel-collector"] == "1"


@pytest.mark.parametrize("service", ["order", "inventory", "payment"])
def test_idle_connection_is_kept_for_longer_than_uvicorn_would(stack: Stack, service: str) -> None:
    with closing(HTTPConnection("127.0.0.1", int(stack.environment[f"{service.upper()}_PORT"]))) as client:
        client.request("GET", "/healthz")
        assert client.getresponse().read()
        client.sock.settimeout(UVICORNS_PATIENCE + 1)
        with pytest.raises(TimeoutError):
            client.sock.recv(1)  # it would be b"" once the other end has closed
