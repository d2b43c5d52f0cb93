"""Where Locust is: in an environment of its own, made by make."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCUSTFILE = ROOT / "loadtest" / "locustfile.py"


@cache
def installed() -> Path:
    """The program, installed if need be."""
    made = subprocess.run(["make", ".venv-load/ready"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    return ROOT / ".venv-load" / "bin" / "locust"
