"""Compose or native: Docker where an engine answers, else natively; MODE= forces one."""

import shutil
import subprocess

from deploy.native.ports import ROOT, settings

from .draw import console


class ModeError(Exception):
    """The mode that was asked for can't be had."""


def mode() -> str:
    """Return `compose` or `native`. Raises ModeError."""
    wanted = settings().get("MODE", "")
    if wanted not in ("", "compose", "native"):
        raise ModeError(f"MODE={wanted} is neither compose nor native")
    if wanted == "compose" and not _engine_answers():
        raise ModeError("MODE=compose, but no Docker engine with Compose answers (`docker compose ps`)")
    return wanted or ("compose" if _engine_answers() else "native")


def _engine_answers() -> bool:
    if not shutil.which("docker"):
        return False
    try:
        for question in (["info"], ["compose", "version"]):
            subprocess.run(["docker", *question], check=True, capture_output=True, timeout=10)
    except (subprocess.SubprocessError, OSError):
        return False
    return True


def compose(*arguments: str) -> int:
    """Run docker compose on the project's file and return its exit code."""
    return subprocess.run(["docker", "compose", *arguments], cwd=ROOT, check=False).returncode


def say(text: str) -> None:
    console.print(text, markup=False, style="red")
