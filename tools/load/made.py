"""How a load was made: what was asked for, the sampler of its trips, versions and the machine."""

import os
import re
from datetime import UTC, datetime
from typing import Any

from deploy.native.ports import ROOT

from ..machine import load_average, machine, model, versions
from .locust import Asked


def ratio() -> float | None:
    """The share of trips Locust's sampler keeps, where it goes by the trace id."""
    by_ratio = os.environ.get("OTEL_TRACES_SAMPLER", "").endswith("traceidratio")
    return float(os.environ.get("OTEL_TRACES_SAMPLER_ARG") or 1.0) if by_ratio else None


def made_with(asked: Asked) -> dict[str, Any]:
    locked = re.search(r"^locust==([\d.]+)", (ROOT / "requirements" / "loadtest.txt").read_text(), re.M)
    return {
        "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
        "asked": vars(asked),
        "machine": " ".join(filter(None, (machine(), model()))),
        "load average": load_average(),
        "versions": versions() | {"Locust": locked[1] if locked else "?"},
    }
