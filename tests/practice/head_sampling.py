"""Head sampling: one decision for the whole trace, where it begins; and three ways that look like it."""

import random
from collections import Counter

import yaml

from tools.sampled import chosen

from .dots import dots
from .experiment import ROOT, Experiment, Result
from .observed import ALL, CLIENT, RATIO, Observed, Way, head, observe
from .pages import table
from .traced_shop import Placed, Wanted

SHOWN = 240  # orders in the picture
BASE = yaml.safe_load((ROOT / "deploy" / "otel-collector" / "base.yaml").read_text())
THEN_SAMPLED = [*BASE["service"]["pipelines"]["traces"]["processors"], "probabilistic_sampler"]
ONLY_IN_THE_COLLECTOR = f"""yaml:
processors:
  probabilistic_sampler: {{sampling_percentage: 10}}
service:
  pipelines:
    traces:
      processors: [{", ".join(THEN_SAMPLED)}]
"""
WAYS = {
    "right": Way("`parentbased_traceidratio` everywhere", head("parentbased_traceidratio", RATIO)),
    "mixed": Way(
        "each service its own ratio",
        own={
            "order": head("traceidratio", 0.1),
            "inventory": head("traceidratio", 0.5),
            "payment": head("traceidratio", 0.2),
        },
    ),
    "no parent": Way("`traceidratio` everywhere", head("traceidratio", RATIO)),
    "collector": Way("all sent, the Collector samples", ALL, layers=(ONLY_IN_THE_COLLECTOR,)),
}


def run(full: bool) -> Result:
    count, asked = (1000, 25) if full else (40, 5)
    return {name: _measure(way, _orders(count, asked)) for name, way in WAYS.items()}


def _orders(count: int, asked: int) -> list[Wanted]:
    """Most come without a trace; some clients want one the ratio would drop, or decline one it would keep."""
    dice = random.Random(count)
    wanted = [_from_client("asked", "01", dice, kept=False) for _ in range(asked)]
    unwanted = [_from_client("declined", "00", dice, kept=True) for _ in range(asked)]
    return [Wanted()] * count + wanted + unwanted


def _from_client(kind: str, flag: str, dice: random.Random, *, kept: bool) -> Wanted:
    while chosen(trace_id := f"{dice.getrandbits(128):032x}", RATIO) != kept:
        pass
    return Wanted(kind, headers={"traceparent": f"00-{trace_id}-{CLIENT}-{flag}"})


def _measure(way: Way, orders: list[Wanted]) -> Result:
    seen = observe(way, orders)
    ours = [one for one in seen.placed if one.kind == "ordinary"]
    stored = {one.trace_id for one in ours if one.trace_id in seen.stored}
    predicted = {one.trace_id for one in ours if chosen(one.trace_id, RATIO)}
    return {
        "orders": len(ours),
        "predicted": len(predicted),
        "missing": len(predicted - stored),
        "beyond": len(stored - predicted),
        "fates": dict(Counter(seen.fate(one) for one in ours)),
        "asked": _fates(seen, "asked"),
        "declined": _fates(seen, "declined"),
        "spans received": seen.spans,
        "spans stored": sum(len(trace.spans) for trace in seen.stored.values()),
        "said": sum(_said_right(seen, one) for one in seen.placed),
        "placed": len(seen.placed),
        "first": "".join(seen.fate(one)[0] for one in ours[:SHOWN]),
    }


def _fates(seen: Observed, kind: str) -> dict[str, int]:
    return dict(Counter(seen.fate(one) for one in seen.placed if one.kind == kind))


def _said_right(seen: Observed, one: Placed) -> bool:
    """Whether `traceresponse` said to the client what became of its trace."""
    return one.sampled == (one.trace_id in seen.stored)


def check(result: Result) -> None:
    right = result["right"]
    assert (right["missing"], right["beyond"]) == (0, 0), "the stored set is the predicted one"
    assert right["fates"].get("kept", 0) == right["predicted"], "each of them is whole"
    assert set(right["asked"]) == {"kept"}, "what a client asks for is kept"
    assert set(right["declined"]) == {"dropped"}, "what a client declines is dropped"
    assert right["spans received"] == right["spans stored"], "what is dropped is not even sent"
    assert right["said"] == right["placed"], "traceresponse says what became of the trace"
    assert result["mixed"]["fates"]["torn"] > 0, "mixed ratios tear traces"
    plain = result["no parent"]
    assert "torn" not in plain["fates"], "one ratio everywhere looks right"
    assert "kept" not in plain["asked"], "and a client's decision counts for nothing"
    assert "dropped" not in plain["declined"]
    inside = result["collector"]
    assert "torn" not in inside["fates"], "the Collector keeps whole traces"
    assert inside["spans received"] > 2 * inside["spans stored"], "but it has received all"
    assert inside["spans received"] > 2 * right["spans received"]


def text(result: Result) -> str:
    rows = [_row(WAYS[name].title, found) for name, found in result.items()]
    head = ("", "kept whole", "torn", "dropped", "kept though declined", "dropped though asked for")
    right = result["right"]
    asked, declined = (sum(right[kind].values()) for kind in ("asked", "declined"))
    return (
        f"{right['orders']:,} orders without a parent; besides them {asked} with `-01` that the ratio would "
        f"drop, and {declined} with `-00` that it would keep. Spans received are those of all:\n\n"
        f"{table((*head, 'spans received'), *rows)}\n\nWhat the first row keeps was known before: "
        f"{right['predicted']} of its {right['orders']} trace ids are below the bound; {right['missing']} of "
        f"them are missing in what was stored, and {right['beyond']} others are in it."
    )


def _row(title: str, found: Result) -> tuple[object, ...]:
    fates = [found["fates"].get(fate, 0) for fate in ("kept", "torn", "dropped")]
    against = [_against(found["declined"], "dropped"), _against(found["asked"], "kept")]
    return (title, *fates, *against, f"{found['spans received']:,}")


def _against(fates: dict[str, int], right: str) -> str:
    of = sum(fates.values())
    return f"{of - fates.get(right, 0)} of {of}"


def pictures(result: Result) -> dict[str, str]:
    rows = [(WAYS[name].title.replace("`", ""), found["first"]) for name, found in result.items()]
    return {"head-sampling.svg": dots(rows)}


EXPERIMENT = Experiment("head-sampling", "sampling", run, check, text, pictures)
