"""The reports that `make load` leaves behind."""

import json
from pathlib import Path
from typing import Any

from tests.e2e.conftest import Stack
from tests.support import eventually


def directories(stack: Stack) -> list[Path]:
    """One per load, oldest first."""
    return sorted(Path(stack.environment["SPANSHOP_STATE"]).glob("load/*"))


def load(stack: Stack, *arguments: str, **more: str) -> dict[str, Any]:
    """Run a load that has to be good; return its report."""
    done = stack.run("tools.load", *arguments, **more)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    return newest(stack)


def newest(stack: Stack) -> dict[str, Any]:
    directory = directories(stack)[-1]
    found: dict[str, Any] = json.loads((directory / "report.json").read_text())
    return found | {"directory": directory}


def adds_up(report: dict[str, Any]) -> None:
    """Each trip is accounted for: sent = traced = stored + lost by a cause."""
    of = report["fates"]
    assert of["read"] == of["sampled"] == of["whole"] + sum(len(ids) for ids in of["lost"].values())
    assert report["trips"] - report["cut_off"] >= of["sampled"]


def await_trips(stack: Stack, earlier: int, count: int) -> None:
    """Wait until the load after so many earlier ones has made so many trips."""

    def made() -> None:
        now = directories(stack)
        assert len(now) > earlier
        assert sum(len(file.read_text().splitlines()) for file in now[-1].glob("*.jsonl")) >= count

    eventually(made, seconds=30)
