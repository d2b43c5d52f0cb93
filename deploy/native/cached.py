"""Build something once per version: a cache shared by all clones, safe against two builders and Ctrl-C.

What is built stands in build.py. A build goes to a directory beside its place and is renamed when complete.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

console = Console(stderr=True, highlight=False, soft_wrap=True)


class BuildError(Exception):
    """Says what could not be built and what to do next."""


@dataclass(frozen=True)
class Step:
    """One command of a build. `{out}` in it stands for the directory to fill."""

    title: str
    command: list[str]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)


def cache_root() -> Path:
    shared = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("SPANSHOP_CACHE") or Path(shared) / "spanshop")


def place(name: str, version: str, sources: list[Path]) -> Path:
    """Where the build of exactly these sources belongs, on this kind of machine."""
    digest = hashlib.sha256(f"{platform.system()} {platform.machine()}".encode())
    for source in sorted(sources):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return cache_root() / f"{name}-{version}-{digest.hexdigest()[:12]}"


def build(what: str, target: Path, steps: list[Step]) -> None:
    """Run the steps into `target`, unless somebody else has by the time it is our turn."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with _turn(what, target):
        if target.exists():
            return
        for dead in target.parent.glob(f".{target.name}.*"):  # a builder that was killed hard
            shutil.rmtree(dead, ignore_errors=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        log = target.with_name(target.name + ".log")
        log.write_text("")
        began = time.monotonic()
        try:
            for number, step in enumerate(steps, 1):
                _run(f"{what}: {step.title} ({number}/{len(steps)})", step, unfinished, log)
            unfinished.chmod(0o755)
            unfinished.rename(target)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        console.print(f"{what}: done in {time.monotonic() - began:.0f} s")


@contextmanager
def _turn(what: str, target: Path) -> Iterator[None]:
    """Wait until no other process builds this. The system frees the lock of a process that dies."""
    with target.with_name(target.name + ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.print(f"{what}: another process is building it, waiting")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(title: str, step: Step, out: Path, log: Path) -> None:
    command = [part.replace("{out}", str(out)) for part in step.command]
    with log.open("ab") as output:
        # A session of its own: whatever ends us, the whole family of compilers can be ended with it.
        child = subprocess.Popen(
            command,
            cwd=step.cwd,
            env={**os.environ, **step.env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            _watch(title, child, log)
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise
    if child.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise BuildError(
            f"{title} failed.\n{tail}\nThe whole log: {log}\nOnce fixed, the same command goes on."
        )


def _watch(title: str, child: "subprocess.Popen[bytes]", log: Path) -> None:
    """Show that something happens: a ticking line on a terminal, else a line every 15 s."""
    began = spoke = time.monotonic()
    console.print(title)
    with console.status(title) as status:  # shows nothing when this is not a terminal
        while child.poll() is None:
            time.sleep(0.2)
            now = time.monotonic()
            line = f"  {now - began:.0f} s, {_progress(log)}"
            status.update(line)
            if now - spoke >= 15 and not console.is_terminal:
                console.print(line)
                spoke = now


def _progress(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    downloads = sum("ownloading" in line for line in lines)
    return f"{downloads} downloads, {len(lines) - downloads} packages compiled" if lines else "starting"
