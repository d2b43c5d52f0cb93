"""Tail sampling keeps what somebody will look for: technical failures, slow, gold; a share of the rest."""

from collections import Counter

from tools.tracecheck import Trace

from .dots import dots
from .experiment import Experiment, Result
from .pages import table
from .tail_run import FULL, SHORT, Judged, judge
from .traced_shop import Placed

SALT = b"default-hash-seed"  # the processor's own
MUST = ("technical", "slow", "gold", "seat")
NAMES = {
    "technical": "technical failure: payment answers 500",
    "refusal": "business refusal: sold out, unknown, declined",
    "slow": "slow: 0.6 s and more",
    "gold": "customer of tier gold",
    "seat": "`shop.seat` in the baggage",
    "ordinary": "all others",
}
SLOW = 0.45e9  # nanoseconds; a little less than the policy's, so that nobody stands on the line


def run(full: bool) -> Result:
    soon = () if full else ("yaml:processors::tail_sampling::decision_wait: 2s",)
    seen = judge(FULL if full else SHORT, *soon)
    kinds = {kind: _measure(seen, [one for one in seen.placed if one.kind == kind]) for kind in NAMES}
    ways = {"right": seen.kept["right"], "wrong": seen.kept["wrong"], "all": seen.all}
    return {
        "orders": len(seen.placed),
        "kinds": kinds,
        "spans": {way: sum(len(trace.spans) for trace in traces.values()) for way, traces in ways.items()},
        "kept": {way: sum(one.trace_id in traces for one in seen.placed) for way, traces in ways.items()},
        "made of spans": seen.calls,
    }


def _measure(seen: Judged, placed: list[Placed]) -> Result:
    calm = [one for one in placed if not _disturbed(seen.all[one.trace_id])]
    by_rate = {one.trace_id for one in calm if at_the_base_rate(one.trace_id)}
    return {
        "placed": len(placed),
        "answers": sorted({one.status for one in placed}),
        "disturbed": len(placed) - len(calm),
        "by rate": len(by_rate),
        "beside the rate": len(
            by_rate ^ {one.trace_id for one in calm if one.trace_id in seen.kept["right"]}
        ),
        "right": dict(Counter(_fate(seen, "right", one) for one in placed)),
        "wrong": dict(Counter(_fate(seen, "wrong", one) for one in placed)),
    }


def _fate(seen: Judged, way: str, one: Placed) -> str:
    """Kept whole means: with every span the witness saw."""
    if one.trace_id not in seen.kept[way]:
        return "dropped"
    whole = _ids(seen.kept[way][one.trace_id]) == _ids(seen.all[one.trace_id])
    return "kept" if whole else "torn"


def _ids(trace: Trace) -> set[str]:
    return {span.span_id for span in trace.spans}


def at_the_base_rate(trace_id: str, share: float = 0.1) -> bool:
    """Whether the probabilistic policy keeps this trace: FNV-1a of its salt and the id."""
    value = 0xCBF29CE484222325
    for byte in SALT + bytes.fromhex(trace_id):
        value = (value ^ byte) * 0x100000001B3 & (2**64 - 1)
    return value <= share * (2**64 - 1)


def _disturbed(trace: Trace) -> bool:
    """Whether this machine made it slow, or a call had to be repeated: then it is kept for that."""
    seconds = max(span.end for span in trace.spans) - min(span.start for span in trace.spans)
    return seconds >= SLOW or any("http.request.resend_count" in span.attributes for span in trace.spans)


def check(result: Result) -> None:
    kinds, orders = result["kinds"], result["orders"]
    assert kinds["technical"]["answers"] == [202], "a technical failure leaves the order pending"
    assert kinds["refusal"]["answers"] == [402, 409, 422], "a refusal is an answer"
    for kind in MUST:
        assert set(kinds[kind]["right"]) == {"kept"}, f"each {kind} order is kept whole"
    for kind in ("refusal", "ordinary"):
        assert kinds[kind]["beside the rate"] == 0, f"{kind}: kept at the base rate, exactly"
        assert kinds[kind]["disturbed"] <= kinds[kind]["placed"] / 2, "a machine too busy to measure on"
        assert "torn" not in kinds[kind]["right"]
    assert set(kinds["refusal"]["wrong"]) == {"kept"}, "with status_code ERROR every refusal is kept"
    assert result["made of spans"]["right"] == orders, "span metrics made before sampling are true"
    assert result["made of spans"]["wrong"] == result["kept"]["wrong"] < orders, "made after it they are not"
    assert result["spans"]["right"] < result["spans"]["wrong"] < result["spans"]["all"]


def text(result: Result) -> str:
    rows = [_row(kind, found) for kind, found in result["kinds"].items()]
    head, wrong = ("order", "placed"), "five policies, the first `status_code: [ERROR]`"
    right = "five policies, the first `technical-errors`"
    spans, made = result["spans"], result["made of spans"]
    return "\n\n".join(
        [
            table((*head, f"kept by {wrong}", f"kept by {right}", "of these by their trace id"), *rows),
            table(
                ("", "every trace", wrong, right),
                ("traces kept", *(result["kept"][way] for way in ("all", "wrong", "right"))),
                ("spans stored", *(f"{spans[way]:,}" for way in ("all", "wrong", "right"))),
            ),
            f"Span metrics counted {made['right']} of {result['orders']} orders where they are made before "
            f"sampling, and {made['wrong']} where they are made after it.",
        ]
    )


def _row(kind: str, found: Result) -> tuple[object, ...]:
    kept = [found[way].get("kept", 0) for way in ("wrong", "right")]
    return (NAMES[kind], found["placed"], *kept, found["by rate"])


def pictures(result: Result) -> dict[str, str]:
    rows = []
    for kind, title in NAMES.items():
        found, title = result["kinds"][kind], title.replace("`", "")
        if kind == "refusal":
            rows.append((f"{title}; with status_code: [ERROR]", _letters(found["wrong"])))
        rows.append((title, _letters(found["right"])))
    return {"tail-policies.svg": dots(rows)}


def _letters(fates: dict[str, int]) -> str:
    return "".join(fate[0] * fates.get(fate, 0) for fate in ("kept", "torn", "dropped"))


EXPERIMENT = Experiment("tail-policies", "tail-sampling", run, check, text, pictures)
