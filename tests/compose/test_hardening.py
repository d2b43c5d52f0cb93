"""No container of the default profile may do more than it has to, seen from outside and from inside."""

from pathlib import Path

import pytest

from . import hardening
from .project import RUNNING, SHOP, Project

WITH_A_SHELL = [name for name in RUNNING if name != "otel-collector"]  # its image is one binary


@pytest.mark.parametrize("name", RUNNING)
def test_container_has_what_the_compose_file_declares_and_no_more(project: Project, name: str) -> None:
    hardening.is_as_declared(project, name)


@pytest.mark.parametrize("name", RUNNING)
def test_only_named_volumes_and_own_directories_can_be_written(project: Project, name: str) -> None:
    hardening.writes_only_to_its_volumes(project, name)


@pytest.mark.parametrize("name", WITH_A_SHELL)
def test_process_inside_has_no_rights_and_a_read_only_root(project: Project, name: str) -> None:
    more = ("/tmp/probe", "/app/probe") if name in SHOP else ()
    hardening.process_has_a_read_only_root(project, name, *more)


def test_collector_without_a_shell_has_no_rights_and_a_read_only_root(project: Project) -> None:
    """Seen from this machine, where the engine runs on it as root (not through a virtual machine)."""
    found = project.inspect("otel-collector")
    process = Path(f"/proc/{found['State']['Pid']}")
    try:
        status, mounts = (process / "status").read_text(), (process / "mountinfo").read_text()
    except OSError:
        pytest.skip("the engine's processes can't be seen from here")
    hardening.has_no_rights(hardening.status_of(status), "otel-collector")
    (root,) = [line.split() for line in mounts.splitlines() if line.split()[4] == "/"]
    assert "ro" in root[5].split(",")
    assert "executable file not found" in project.docker("exec", found["Id"], "sh", check=False)


@pytest.mark.parametrize("name", SHOP)
def test_service_image_has_no_compiler_and_nothing_to_fetch_with(project: Project, name: str) -> None:
    look = (
        "import shutil; print([t for t in ('cc', 'gcc', 'g++', 'make', 'curl', 'wget') if shutil.which(t)])"
    )
    assert project.docker("exec", project.inspect(name)["Id"], "python", "-c", look).strip() == "[]"


@pytest.mark.parametrize("name", RUNNING)
def test_ports_are_published_on_loopback_only(project: Project, name: str) -> None:
    hardening.publishes_on_loopback_only(project, name)


@pytest.mark.parametrize("name", RUNNING)
def test_environment_holds_no_secret(project: Project, name: str) -> None:
    hardening.knows_no_secret(project, name)
