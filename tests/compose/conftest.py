"""The system by `docker compose`, up once for all tests here. Only `make test-compose` collects them."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.contract import CONTRACT
from tests.support import eventually, new_order, trace_id_of
from tools.tracecheck import CannotCheck

from .project import Project, stages
from .shell import say

if "SPANSHOP_COMPOSE_TESTS" not in os.environ:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def project() -> Iterator[Project]:
    """Built and up; how long that took is in `measured`."""
    project = Project()
    try:
        say("")
        build = ("--progress", "plain", "build")
        project.measured["build"] = project.compose("docker compose build", *build, seconds=900)
        _first_start(project)
        yield project
    finally:
        say("")
        project.take_down()


def _first_start(project: Project) -> None:
    """`up` with the images there and no volume yet; meanwhile somebody waits for a first trace."""
    began = time.monotonic()
    with ThreadPoolExecutor(1) as watcher:
        first = watcher.submit(_first_stored, project)
        project.measured["up"] = project.up("docker compose up --wait, the first time")
        project.measured["first trace"] = first.result(60) - began
    say(stages(project.measured))


def _first_stored(project: Project) -> float:
    """When Jaeger first had the whole trace of an order of ours."""

    def confirmed() -> str:
        try:
            with project.order as client:
                answer = client.post("/orders", json=new_order())
        except httpx.HTTPError as error:
            raise AssertionError(error) from None
        assert answer.status_code == 201, answer.text
        return trace_id_of(answer)

    trace_id = eventually(confirmed, seconds=200)

    def stored() -> float:
        try:
            project.jaeger.trace(trace_id).is_tree(CONTRACT["trees"]["confirmed"])
        except CannotCheck as error:  # Jaeger is not up yet
            raise AssertionError(error) from None
        return time.monotonic()

    return eventually(stored, seconds=60)
