"""What something was measured on: versions and the machine."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from deploy.native.build import VERSIONS

PACKAGES = ("opentelemetry-sdk", "fastapi", "pymongo")


def versions(*more: str) -> dict[str, str]:
    """Python, the packages that matter, Collector and Jaeger."""
    packages = {name: version(name) for name in (*PACKAGES, *more)}
    built = {name: VERSIONS[name] for name in ("otel-collector", "jaeger")}
    return {"Python": platform.python_version()} | packages | built


def machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def model() -> str:
    """What the processor calls itself; empty where nobody says so."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "")


def load_average() -> list[float]:
    return [round(value, 2) for value in os.getloadavg()]
