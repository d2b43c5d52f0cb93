"""Which Python runs the services: one built without optimisation takes a seventh more for an order."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

ASKED = """
import json, platform, sys, sysconfig
print(json.dumps([platform.python_version(), sys.base_prefix, sysconfig.get_config_var("CONFIG_ARGS") or ""]))
"""


@dataclass(frozen=True)
class Interpreter:
    """`configured`: what its `configure` was told."""

    version: str
    prefix: str
    configured: str

    @property
    def built(self) -> str:
        """How it was built, as far as it says so: what a distribution adds, its Python does not tell."""
        if "--enable-optimizations" in self.configured:
            return "optimised"
        return "the system's" if self.prefix == "/usr" else "not optimised"

    def __str__(self) -> str:
        return f"{self.version} ({self.built})"


def interpreter(python: Path) -> Interpreter:
    """Ask that interpreter. Raises CalledProcessError where it does not run."""
    done = subprocess.run([python, "-c", ASKED], check=True, capture_output=True, text=True)
    return Interpreter(*json.loads(done.stdout))


def warning(found: Interpreter) -> str:
    """What to say before measuring with it; empty where there is nothing to say."""
    if found.built != "not optimised":
        return ""
    return (
        f"Python {found.version} of these services was built without --enable-optimizations:\n"
        "it takes about a seventh more for an order than that of the images.\n"
        "With a better one, Debian's or uv's: rm -r .venv-bench; make bench BENCH_PYTHON=/usr/bin/python3"
    )


def warn_of(python: Path) -> None:
    """Print the warning, if there is one."""
    if said := warning(interpreter(python)):
        print(said, flush=True)
