"""Spans that come after the decision: they follow it as long as somebody remembers it."""

import tempfile
from pathlib import Path

from tests.support import eventually

from .experiment import Experiment, Result
from .known_traces import INVENTORY, ORDER, PARTS, PAYMENT, Known, fates, known
from .pages import table
from .tiers import Samplers
from .traced_shop import settled

WAYS = {
    "remembered": ("`decision_cache` as committed", ()),
    "forgotten": (
        "without `decision_cache`",
        (
            "yaml:processors::tail_sampling::decision_cache::sampled_cache_size: 0",
            "yaml:processors::tail_sampling::decision_cache::non_sampled_cache_size: 0",
        ),
    ),
}


def run(full: bool) -> Result:
    """Hold inventory's part of half failed traces back until they are decided and as many more have come."""
    count = 200 if full else 40
    room = f"yaml:processors::tail_sampling::num_traces: {count}"
    soon = "yaml:processors::tail_sampling::decision_wait: 1s"
    traces, more = known(count, count // 2), known(count, 0)
    with tempfile.TemporaryDirectory(prefix="spanshop-practice-") as name:
        both = {
            way: Samplers(Path(name) / way, room, soon, *layers, count=1) for way, (_, layers) in WAYS.items()
        }
        with both["remembered"], both["forgotten"]:
            for sent, parts in ((traces, (ORDER, PAYMENT)), (more, PARTS), (traces, (INVENTORY,))):
                for sampler in both.values():
                    sampler.send(sent, *parts)
                eventually(lambda: [sampler.idle() for sampler in both.values()])
            settled(lambda: [len(sampler.sink) for sampler in both.values()])
            return {way: _measure(sampler, traces) for way, sampler in both.items()}


def _measure(sampler: Samplers, traces: list[Known]) -> Result:
    kept = sampler.kept()
    return {
        "failures": fates((trace for trace in traces if trace.answer == 500), kept),
        "others": fates((trace for trace in traces if trace.answer != 500), kept),
    }


def check(result: Result) -> None:
    remembered, forgotten = result["remembered"], result["forgotten"]
    assert set(remembered["failures"]) == {"kept"}, "late spans of a kept trace are kept"
    assert "torn" not in remembered["others"], "and those of a dropped one dropped"
    assert forgotten["failures"]["torn"] > forgotten["failures"].get("kept", 0), "judged anew, on their own"


def text(result: Result) -> str:
    rows = [_row(WAYS[way][0], found["failures"]) for way, found in result.items()]
    return table(("", "failures", "kept whole", "torn"), *rows)


def _row(title: str, found: dict[str, int]) -> tuple[object, ...]:
    return (title, sum(found.values()), found.get("kept", 0), found.get("torn", 0))


EXPERIMENT = Experiment("late-spans", "tail-sampling", run, check, text)
