"""What each container may do: as Docker has it, as the process inside has it, as the network sees it."""

import re
import socket
from pathlib import Path
from typing import Any

import pytest

from .project import RUNNING, SERVICES, SHOP, Project

WITH_A_SHELL = [name for name in RUNNING if name != "otel-collector"]  # its image is one binary
# The key that signs Python's releases, public, comes with Python's image.
PUBLIC = {"GPG_KEY"}
SECRET_NAME = re.compile(r"(?i)pass|secret|token|credential|api_?key|private|_KEY$")
SECRET_VALUE = re.compile(r"://[^/@\s]+:[^/@\s]+@|-----BEGIN|[sr]k_(live|test)_|eyJ[\w-]{8,}\.")


def status_of(text: str) -> dict[str, str]:
    """/proc/<pid>/status as a table."""
    return {key: value.strip() for key, _, value in (line.partition(":") for line in text.splitlines())}


def judge(status: dict[str, str], name: str) -> None:
    user, group = SERVICES[name]["user"].split(":")
    assert set(status["Uid"].split()) == {user}
    assert set(status["Gid"].split()) == {group}
    assert {int(status[which], 16) for which in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"


def docker_says(project: Project, name: str) -> dict[str, Any]:
    says: dict[str, Any] = project.inspect(name)["HostConfig"]
    return says


@pytest.mark.parametrize("name", RUNNING)
def test_container_has_what_the_compose_file_declares_and_no_more(project: Project, name: str) -> None:
    host = docker_says(project, name)
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert host["Privileged"] is False
    assert host["SecurityOpt"] in (["no-new-privileges:true"], ["no-new-privileges"])
    assert "host" not in (host["PidMode"], host["IpcMode"], host["NetworkMode"], host["UsernsMode"])
    assert host["Memory"] == int(SERVICES[name]["mem_limit"].removesuffix("m")) * 2**20
    assert project.inspect(name)["Config"]["User"] == SERVICES[name]["user"]


@pytest.mark.parametrize("name", RUNNING)
def test_only_named_volumes_and_own_directories_can_be_written(project: Project, name: str) -> None:
    mounts = project.inspect(name)["Mounts"]
    writable = {mount["Name"].split("_", 1)[1] for mount in mounts if mount["RW"]}
    assert writable <= {"mongo-data", "jaeger-data", "collector-queue"}, mounts
    given = [mount for mount in mounts if not mount["RW"]]
    assert all(mount["Type"] == "bind" and mount["Source"].endswith(".yaml") for mount in given), mounts


@pytest.mark.parametrize("name", WITH_A_SHELL)
def test_process_inside_has_no_rights_and_a_read_only_root(project: Project, name: str) -> None:
    container = project.inspect(name)["Id"]
    judge(status_of(project.docker("exec", container, "cat", "/proc/1/status")), name)
    for place in ("/probe", "/etc/probe", *(["/tmp/probe", "/app/probe"] if name in SHOP else [])):
        refusal = project.docker("exec", container, "touch", place, check=False)
        assert "Read-only file system" in refusal, f"{place}: {refusal}"


def test_collector_without_a_shell_has_no_rights_and_a_read_only_root(project: Project) -> None:
    """Seen from this machine, where the engine runs on it as root (not through a virtual machine)."""
    found = project.inspect("otel-collector")
    process = Path(f"/proc/{found['State']['Pid']}")
    try:
        status, mounts = (process / "status").read_text(), (process / "mountinfo").read_text()
    except OSError:
        pytest.skip("the engine's processes can't be seen from here")
    judge(status_of(status), "otel-collector")
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
    published = project.inspect(name)["NetworkSettings"]["Ports"]
    bound = [binding for bindings in published.values() for binding in bindings or []]
    assert len(bound) == len(SERVICES[name]["ports"])
    assert {binding["HostIp"] for binding in bound} == {"127.0.0.1"}
    for binding in bound:
        with socket.create_connection(("127.0.0.1", int(binding["HostPort"])), 5):
            pass
        if address := _other_address():
            with socket.socket() as probe:
                assert probe.connect_ex((address, int(binding["HostPort"]))) != 0


def _other_address() -> str:
    """An address of this machine that others can reach, if it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return ""
        address: str = probe.getsockname()[0]
        return "" if address.startswith("127.") else address


@pytest.mark.parametrize("name", RUNNING)
def test_environment_holds_no_secret(project: Project, name: str) -> None:
    lines = project.inspect(name)["Config"]["Env"]
    variables = {key: value for key, _, value in (line.partition("=") for line in lines)}
    assert [key for key in variables if SECRET_NAME.search(key) and key not in PUBLIC] == []
    assert [key for key, value in variables.items() if SECRET_VALUE.search(value)] == []
