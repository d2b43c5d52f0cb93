"""Every `sh` block of every page runs, in a copy and on its own ports; links lead somewhere."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT, Stack, new_stack
from tests.load import locust

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
# These run where they belong: this test is part of the one, and CI runs both by the same name.
ELSEWHERE = {"make test", "make check"}
BLOCKS = [
    pytest.param(block, id=f"{page.name} {block.splitlines()[0][:30]}")
    for page in PAGES
    for block in BLOCK.findall(page.read_text())
    if block.strip() not in ELSEWHERE
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Stack]]:
    """A copy of the project as a user would have it, and an environment with free ports."""
    copy = tmp_path_factory.mktemp("docs") / "a project"  # a space in the path is a user's right
    ignored = shutil.ignore_patterns(".venv*", ".spanshop", ".git", "__pycache__", ".*_cache", ".env")
    shutil.copytree(ROOT, copy, ignore=ignored)
    for environment in (".venv", locust.installed().parents[1].name):
        (copy / environment).symlink_to(ROOT / environment)
    stack = new_stack(copy / ".spanshop")
    del stack.environment["PYTHONPATH"], stack.environment["SPANSHOP_STATE"]
    yield copy, stack
    subprocess.run(["make", "clean"], cwd=copy, env=stack.environment, check=True, capture_output=True)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("block", BLOCKS)
def test_command_block_runs(project: tuple[Path, Stack], block: str) -> None:
    copy, stack = project
    for name, default in _defaults().items():  # what a page says of port 8000 holds for the port here
        block = re.sub(rf"(127\.0\.0\.1:){default}\b", rf"\g<1>{stack.environment[name]}", block)
    environment = dict(stack.environment)
    if "ORDER_PORT=" in block:
        block = re.sub(r"ORDER_PORT=\d+", f"ORDER_PORT={environment['ORDER_PORT']}", block)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=copy,
        env=environment,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode in _expected(block), done.stdout[-3000:] + done.stderr[-2000:]


def _expected(block: str) -> set[int]:
    return {0, 143} if "timeout --preserve-status" in block else {0}  # ended by timeout's SIGTERM


def _defaults() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "_PORT=" in line and not line.startswith("#"))


def test_commands_left_out_here_are_run_by_ci() -> None:
    ci = (ROOT / ".ci" / "run").read_text()
    assert all(command in ci for command in ELSEWHERE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    missing = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert not missing


def test_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z-]+):", makefile, re.M)
    shown = subprocess.run(["make"], cwd=ROOT, text=True, capture_output=True, check=True).stdout
    assert [target for target in targets if f"make {target} " not in shown] == []


def test_versions_agree() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    version = re.search(r'^version = "(.*)"', project, re.M)
    assert version
    for file in ("docker-compose.yml", "deploy/native/programs.py"):
        assert f"service.version={version[1]}" in (ROOT / file).read_text(), file
