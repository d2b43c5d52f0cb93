"""What each container may do: as Docker has it, as the process inside has it, as the network sees it."""

import re
import socket
from typing import Any

from .project import DECLARED, Project

# The key that signs Python's releases, public, comes with Python's image.
PUBLIC = {"GPG_KEY"}
SECRET_NAME = re.compile(r"(?i)pass|secret|token|credential|api_?key|private|_KEY$")
SECRET_VALUE = re.compile(r"://[^/@\s]+:[^/@\s]+@|-----BEGIN|[sr]k_(live|test)_|eyJ[\w-]{8,}\.")
VOLUMES = {"mongo-data", "jaeger-data", "collector-queue", "prometheus-data"}


def status_of(text: str) -> dict[str, str]:
    """/proc/<pid>/status as a table."""
    return {key: value.strip() for key, _, value in (line.partition(":") for line in text.splitlines())}


def has_no_rights(status: dict[str, str], name: str) -> None:
    user, group = DECLARED[name]["user"].split(":")
    assert set(status["Uid"].split()) == {user}
    assert set(status["Gid"].split()) == {group}
    assert {int(status[which], 16) for which in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"


def is_as_declared(project: Project, name: str) -> None:
    """Docker has what the compose file says and no more."""
    host: dict[str, Any] = project.inspect(name)["HostConfig"]
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert host["Privileged"] is False
    assert host["SecurityOpt"] in (["no-new-privileges:true"], ["no-new-privileges"])
    assert "host" not in (host["PidMode"], host["IpcMode"], host["NetworkMode"], host["UsernsMode"])
    assert host["Memory"] == int(DECLARED[name]["mem_limit"].removesuffix("m")) * 2**20
    assert project.inspect(name)["Config"]["User"] == DECLARED[name]["user"]


def writes_only_to_its_volumes(project: Project, name: str) -> None:
    mounts = project.inspect(name)["Mounts"]
    assert {mount["Name"].split("_", 1)[1] for mount in mounts if mount["RW"]} <= VOLUMES, mounts
    given = [mount for mount in mounts if not mount["RW"]]
    assert all(mount["Type"] == "bind" and _is_ours(mount["Source"]) for mount in given), mounts


def _is_ours(source: str) -> bool:
    return source.endswith((".yaml", ".yml", "/deploy/faults", "/deploy/otel-collector"))


def process_has_a_read_only_root(project: Project, name: str, *more: str) -> None:
    container = project.inspect(name)["Id"]
    has_no_rights(status_of(project.docker("exec", container, "cat", "/proc/1/status")), name)
    for place in ("/probe", "/etc/probe", *more):
        refusal = project.docker("exec", container, "touch", place, check=False)
        assert "Read-only file system" in refusal, f"{place}: {refusal}"


def publishes_on_loopback_only(project: Project, name: str) -> None:
    published = project.inspect(name)["NetworkSettings"]["Ports"]
    bound = [binding for bindings in published.values() for binding in bindings or []]
    assert len(bound) == len(DECLARED[name]["ports"])
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


def knows_no_secret(project: Project, name: str) -> None:
    lines = project.inspect(name)["Config"]["Env"]
    variables = {key: value for key, _, value in (line.partition("=") for line in lines)}
    assert [key for key in variables if SECRET_NAME.search(key) and key not in PUBLIC] == []
    assert [key for key, value in variables.items() if SECRET_VALUE.search(value)] == []
