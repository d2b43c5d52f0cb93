"""What Locust's processes wrote down (loadtest/journal.py): trips, and what their SDK could not send."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """As the client saw it; status 0: there was none. `sent` in seconds since 1970."""

    name: str
    status: int
    ms: float
    sent: float


@dataclass(frozen=True)
class Trip:
    """What one customer did at a time: one trace."""

    kind: str
    trace_id: str
    sampled: bool
    started: float
    late: float
    answers: list[Answer]
    wrong: list[str]
    pending: bool
    cut_off: bool

    @property
    def milliseconds(self) -> float:
        return sum(answer.ms for answer in self.answers)

    @property
    def ended(self) -> float:
        return max([self.started, *(answer.sent + answer.ms / 1000 for answer in self.answers)])


def trips(directory: Path) -> list[Trip]:
    """All of them, as they began."""
    lines = (line for file in directory.glob("*.jsonl") for line in file.read_text().splitlines())
    return sorted((_trip(json.loads(line)) for line in lines), key=lambda trip: trip.started)


def first_sampled(directory: Path) -> Trip | None:
    """The first trip of a process that is to be kept; None where there is none yet."""
    for file in directory.glob("*.jsonl"):
        with file.open() as lines:
            for line in lines:
                if line.endswith("\n") and (trip := _trip(json.loads(line))).sampled:
                    return trip
    return None


def unsent(directory: Path) -> dict[str, int]:
    """Spans Locust's own SDK made and did not get rid of, by reason."""
    total: Counter[str] = Counter()
    for file in directory.glob("*.lost.json"):
        total.update(json.loads(file.read_text()))
    return dict(total)


def _trip(line: dict[str, Any]) -> Trip:
    return Trip(**line | {"answers": [Answer(*answer) for answer in line["answers"]]})
