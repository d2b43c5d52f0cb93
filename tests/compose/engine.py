"""The Docker engine and Compose: those that answer, else, with ENGINE=install, Debian's, started here."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.native import build
from deploy.native.cached import Step, cache_root, place
from deploy.native.cached import build as build_once

from .shell import StageError, asked, say, shown

HERE = Path(__file__).parent
COMPOSE = "2.40.3"  # as in plugin/go.mod
PACKAGES = {"dockerd": "docker.io", "debootstrap": "debootstrap", "iptables": "iptables"}
RUN = Path("/run/spanshop-compose")  # short: sockets' paths end at 107 characters


class NoEngine(Exception):
    """No Docker here, and nobody said to install one."""


@dataclass
class Engine:
    """A Docker that answers. `ours`: started by us, nobody else's containers are in it."""

    environment: dict[str, str]
    ours: bool

    def ask(self, *arguments: str, seconds: float = 30) -> str | None:
        return asked(["docker", *arguments], seconds=seconds, env=self.environment)


@contextlib.contextmanager
def engine() -> Iterator[Engine]:
    """The engine to use, stopped at the end if started here. Raises NoEngine, StageError, BuildError."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith("COMPOSE_")}
    found = Engine(plain, ours=False)
    if found.ask("info"):
        say("A Docker engine answers.")
        with _one_at_a_time(cache_root() / "compose.lock"):
            yield _with_compose(found)
    elif os.environ.get("ENGINE") == "install":
        _may_install()
        with _one_at_a_time(RUN / "lock"), _started(plain) as ours:
            yield _with_compose(ours)
    else:
        raise NoEngine(
            "No Docker engine answers (`docker info`), so nothing was tested. Start yours, or on Debian,\n"
            "as root, let this install and run one for the time of the tests:\n"
            "  ENGINE=install make test-compose"
        )


def _may_install() -> None:
    if os.geteuid() or not shutil.which("apt-get"):
        raise NoEngine("ENGINE=install needs root and Debian's apt-get. Nothing was tested.")


@contextlib.contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """Two runs would take each other's project. The system frees the lock of a process that dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StageError(
                "Another run of these tests is under way; start again when it has ended."
            ) from None
        os.set_inheritable(lock.fileno(), True)  # if we are killed hard, pytest goes on, and has the lock
        yield


def _install() -> None:
    missing = sorted(package for tool, package in PACKAGES.items() if not shutil.which(tool))
    if not missing:
        return
    # RUNLEVEL=1 keeps the packages from starting an engine of their own.
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    shown("Updating the list of packages", ["apt-get", "update", "-q"], seconds=300, env=env)
    command = ["apt-get", "install", "-qy", "--no-install-recommends", *missing]
    shown(f"Installing {', '.join(missing)}", command, seconds=600, env=env)


@contextlib.contextmanager
def _started(plain: dict[str, str]) -> Iterator[Engine]:
    _install()
    state = cache_root() / "compose-engine"
    state.mkdir(parents=True, exist_ok=True)
    environment = plain | {
        "DOCKER_HOST": f"unix://{RUN}/docker.sock",
        "DOCKER_CONFIG": str(RUN / "config"),
        "COMPOSE_BAKE": "false",  # Compose builds by itself: Debian has no Buildx
    }
    environment.pop("DOCKER_CONTEXT", None)
    ours = Engine(environment, ours=True)
    _stop_left_over()
    daemon = _start(ours, state)
    try:
        _sweep(ours)
        yield ours
    finally:
        _sweep(ours)
        _stop(daemon)


def _stop_left_over() -> None:
    """The engine of a run that was killed hard."""
    with contextlib.suppress(OSError, ValueError):
        pid = int((RUN / "docker.pid").read_text())
        if Path(f"/proc/{pid}/comm").read_text().strip() == "dockerd":
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + 30
            while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
                time.sleep(0.2)


def _start(ours: Engine, state: Path) -> "subprocess.Popen[bytes]":
    """Start dockerd with the first storage driver that works here."""
    log = state / "dockerd.log"
    for driver in ("overlay2", "fuse-overlayfs", "vfs"):
        say(f"Starting a Docker engine ({driver})")
        command = ["dockerd", "--data-root", str(state / "data"), "--exec-root", str(RUN / "exec")]
        command += ["--pidfile", str(RUN / "docker.pid"), "--host", ours.environment["DOCKER_HOST"]]
        command += ["--storage-driver", driver, "--mtu", str(_mtu())]
        with log.open("wb") as output:
            daemon = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        try:
            if _answers(ours, daemon):
                return daemon
        except BaseException:  # Ctrl-C
            _stop(daemon)
            raise
        _stop(daemon)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    raise StageError(f"The Docker engine does not start.\n{tail}\nThe whole log: {log}")


def _answers(ours: Engine, daemon: "subprocess.Popen[bytes]") -> bool:
    deadline = time.monotonic() + 60
    while daemon.poll() is None and time.monotonic() < deadline:
        if ours.ask("info", seconds=10):
            return True
        time.sleep(0.3)
    return False


def _mtu() -> int:
    """That of the way out: with a larger one inside, large packets of a build get lost in silence."""
    for line in Path("/proc/net/route").read_text().splitlines()[1:]:
        device, destination = line.split()[:2]
        if destination == "00000000":
            return int(Path(f"/sys/class/net/{device}/mtu").read_text())
    return 1500


def _sweep(ours: Engine) -> None:
    """No container of ours outlives the engine: `unless-stopped` would start it again the next time."""
    if containers := (ours.ask("ps", "-aq") or "").split():
        ours.ask("rm", "--force", "--volumes", *containers, seconds=120)


def _stop(daemon: "subprocess.Popen[bytes]") -> None:
    if daemon.poll() is None:
        daemon.terminate()
        try:
            daemon.wait(60)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait(10)


def _with_compose(engine: Engine) -> Engine:
    """The engine with a `docker compose`: the user's, else one built here, as a plugin in a private place."""
    if not engine.ask("compose", "version"):
        config = RUN / "config" if engine.ours else cache_root() / "docker-config"
        plugin = config / "cli-plugins" / "docker-compose"
        plugin.parent.mkdir(parents=True, exist_ok=True)
        plugin.unlink(missing_ok=True)
        plugin.symlink_to(_compose())
        # The private directory has no contexts, so the one the user chose is written out.
        where = engine.ask("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
        host = engine.environment.get("DOCKER_HOST") or (where or "").strip()
        engine.environment |= {"DOCKER_CONFIG": str(config), "DOCKER_HOST": host, "COMPOSE_BAKE": "false"}
    version = engine.ask("compose", "version", "--short")
    if not version:
        raise StageError("`docker compose version` fails although its plugin is there.")
    server = engine.ask("version", "--format", "{{.Server.Version}}")
    say(f"Docker {(server or '?').strip()}, Compose {version.strip()}")
    return engine


def _compose() -> Path:
    """The plugin's binary, built from the Go module proxy the first time (3 CPU minutes)."""
    module = HERE / "plugin"
    target = place("compose", COMPOSE, [module / "go.mod", module / "go.sum"])
    if not target.exists():
        stamp = f"-s -w -X github.com/docker/compose/v2/internal.Version=v{COMPOSE}"
        command = [build._go(), "build", "-v", "-mod=readonly", "-trimpath", "-buildvcs=false"]
        command += ["-ldflags", stamp, "-o", "{out}/docker-compose", "github.com/docker/compose/v2/cmd"]
        # `auto`: an older Go fetches the one that go.mod asks for, from the same proxy.
        env = {"CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off", "GOTOOLCHAIN": "auto"}
        build_once("Docker Compose", target, [Step("downloading and compiling", command, module, env)])
    return target / "docker-compose"
