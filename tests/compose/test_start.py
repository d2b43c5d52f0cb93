"""The start: everything healthy, how soon a service answers and a trace is stored, sizes of images."""

import time
from datetime import datetime

import pytest

from .images import base_image
from .project import NAME, SHOP, Project, table, wait_for
from .shell import say


def test_everything_up_is_healthy_and_the_collector_answers_from_outside(project: Project) -> None:
    project.get_well(seconds=60)


def test_first_trace_is_stored_soon_after_up(project: Project) -> None:
    say(f"\n  first trace {project.measured['first trace']:.1f} s after `up`")
    assert project.measured["first trace"] < 60  # 10 s on two cores; health is looked at every 5 s


@pytest.mark.parametrize("name", SHOP)
def test_service_answers_within_3_s_of_its_start(project: Project, name: str) -> None:
    """The best of three starts: this machine may have other work to do."""
    took = []
    for _ in range(3):
        project.docker("restart", project.inspect(name)["Id"])
        answered = wait_for(f"{project.url(SHOP[name])}/healthz", 30)
        began = project.inspect(name)["State"]["StartedAt"][:26].rstrip("Z")
        took.append(answered - datetime.fromisoformat(f"{began}+00:00").timestamp())
    say(f"\n  {name} answered {', '.join(f'{t:.2f}' for t in took)} s after its start")
    assert min(took) < 3


def test_service_images_are_small(project: Project) -> None:
    """What we add to the base image, which is whatever the registry, or its stand-in, has."""
    base = _size(project, base_image())
    rows = [["image", "MB", "of it ours"], [base_image(), f"{base:.0f}", "0"]]
    ours = {name: _size(project, f"{NAME}-{name}") - base for name in SHOP}
    say("")
    table([*rows, *([name, f"{base + own:.0f}", f"{own:.0f}"] for name, own in ours.items())])
    assert max(ours.values()) < 130


def _size(project: Project, image: str) -> float:
    return int(project.docker("image", "inspect", "--format", "{{.Size}}", image)) / 1e6


def test_second_up_changes_nothing(project: Project) -> None:
    project.get_well()
    before = {name: project.inspect(name)["State"]["StartedAt"] for name in SHOP}
    began = time.monotonic()
    project.up("docker compose up --wait, again")
    assert {name: project.inspect(name)["State"]["StartedAt"] for name in SHOP} == before
    assert time.monotonic() - began < 60
