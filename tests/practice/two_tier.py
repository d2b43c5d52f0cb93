"""More than one Collector: all spans of a trace must meet the same sampler, so the trace id routes them."""

import tempfile
from pathlib import Path

from tests.support import eventually

from .experiment import Experiment, Result
from .known_traces import Known, fates, known
from .pages import table
from .tail_sampling import at_the_base_rate
from .tiers import Samplers, TwoTiers
from .traced_shop import settled

BATCH = 20  # traces in a request, as a service's exporter puts together what ended lately
NAMES = {"in turn": "requests to the samplers in turn", "by trace id": "through a gateway, by trace id"}


def run(full: bool) -> Result:
    """Send the same traces both ways."""
    traces = known(1000, 37, 60) if full else known(100, 7, 10)
    soon = () if full else ("yaml:processors::tail_sampling::decision_wait: 1s",)
    with tempfile.TemporaryDirectory(prefix="spanshop-practice-") as name:
        directory = Path(name)
        with Samplers(directory / "a", *soon) as in_turn, TwoTiers(directory / "b", *soon) as by_id:
            for n in range(0, len(traces), BATCH):
                in_turn.send(traces[n : n + BATCH])
                by_id.send(traces[n : n + BATCH])
            eventually(lambda: _all_there(by_id, traces))
            settled(lambda: (in_turn.idle(), by_id.idle()))
            return {"in turn": _measure(in_turn, traces), "by trace id": _measure(by_id, traces)}


def _all_there(samplers: Samplers, traces: list[Known]) -> None:
    assert sum(samplers.arrived()) >= len(traces)


def _measure(samplers: Samplers, traces: list[Known]) -> Result:
    kept, arrived = samplers.kept(), samplers.arrived()
    others = [trace for trace in traces if trace.answer != 500]
    by_rate = {trace.id for trace in others if at_the_base_rate(trace.id.hex())}
    return {
        "traces": len(traces),
        "split": sum(arrived) - len(traces),
        "of each sampler": arrived,
        "failures": fates((trace for trace in traces if trace.answer == 500), kept),
        "refusals": fates((trace for trace in traces if trace.answer == 402), kept),
        "beside the rate": len(by_rate ^ {trace.id for trace in others if trace.id.hex() in kept}),
    }


def check(result: Result) -> None:
    right, wrong = result["by trace id"], result["in turn"]
    assert right["split"] == 0, "each trace meets one sampler"
    assert min(right["of each sampler"]) > 0.2 * right["traces"], "both have work"
    assert set(right["failures"]) == {"kept"}, "every failure is kept whole"
    assert right["beside the rate"] == 0, "refusals and all others only at the base rate"
    assert "torn" not in right["refusals"]
    assert wrong["split"] > 0.9 * wrong["traces"]
    assert wrong["failures"]["torn"] > 0, "half a trace is judged by half of what happened"


def text(result: Result) -> str:
    head = ("", "traces", "met by both samplers", "failures kept whole", "failures torn", "refusals kept")
    return table(head, *(_row(NAMES[way], found) for way, found in result.items()))


def _row(title: str, found: Result) -> tuple[object, ...]:
    failed, refused = found["failures"], found["refusals"]
    of = sum(refused.values())
    kept = f"{of - refused.get('dropped', 0)} of {of}"
    whole = f"{failed.get('kept', 0)} of {sum(failed.values())}"
    return (title, found["traces"], found["split"], whole, failed.get("torn", 0), kept)


EXPERIMENT = Experiment("two-tier", "tail-sampling", run, check, text)
