"""Commands that may take long: a title, a sign of life every 15 s, the end of the output where one fails."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

Environment = Mapping[str, str] | None


class StageError(Exception):
    """Says what failed, with the end of its output."""


def say(text: str) -> None:
    print(text, flush=True)


def shown(
    title: str, command: list[str], *, seconds: float, env: Environment = None, cwd: Path | None = None
) -> float:
    """Run it, bounded in time; returns how long it took. Raises StageError."""
    say(title)
    began = time.monotonic()
    with tempfile.NamedTemporaryFile(prefix="spanshop-", suffix=".log") as file:
        log = Path(file.name)
        # A session of its own: a Ctrl-C reaches us alone, and we end the whole family.
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env=env,
            cwd=cwd,
            start_new_session=True,
        )
        try:
            _watch(child, log, began, seconds)
        except BaseException:
            _end(child)
            raise
        if child.returncode:
            raise StageError(f"{title}: failed ({child.returncode})\n" + "\n".join(_lines(log)[-25:]))
    took = time.monotonic() - began
    say(f"  done in {took:.1f} s")
    return took


def _watch(child: "subprocess.Popen[bytes]", log: Path, began: float, seconds: float) -> None:
    while True:
        try:
            child.wait(min(15, max(0.1, began + seconds - time.monotonic())))
            return
        except subprocess.TimeoutExpired:
            latest = (_lines(log) or ["(nothing said yet)"])[-1].strip()
            if time.monotonic() > began + seconds:
                raise StageError(f"not done after {seconds:.0f} s; it last said: {latest}") from None
            say(f"  {time.monotonic() - began:4.0f} s  {latest[:120]}")


def _end(child: "subprocess.Popen[bytes]") -> None:
    for how in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(child.pid, how)
            child.wait(10)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _lines(log: Path) -> list[str]:
    return [line for line in log.read_text(errors="replace").splitlines() if line.strip()]


def asked(command: list[str], *, seconds: float = 30, env: Environment = None) -> str | None:
    """The command's output, None where it fails, hangs or is missing."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, env=env
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return None if done.returncode else done.stdout
