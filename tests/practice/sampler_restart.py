"""A sampler that restarts under load: ended gently it decides first; killed it loses what waits in memory."""

import math
import signal
import tempfile
import threading
import time
from pathlib import Path

from .experiment import Experiment, Result
from .known_traces import Known, fates
from .pages import table
from .tiers import TwoTiers
from .traced_shop import settled

BATCH, PAUSE = 10, 0.1  # traces in a request, seconds until the next: about a hundred a second
AWAY = 0.5  # seconds
ENDS = {"SIGTERM": signal.SIGTERM, "SIGKILL": signal.SIGKILL}
Sent = list[tuple[float, Known]]


def run(full: bool) -> Result:
    """End one of two samplers, ask for it again, in the middle of traces all of which are to be kept."""
    wait = 5 if full else 1
    waits = f"yaml:processors::tail_sampling::decision_wait: {wait}s"
    with tempfile.TemporaryDirectory(prefix="spanshop-practice-") as name:
        both = {how: TwoTiers(Path(name) / how, waits) for how in ENDS}
        with both["SIGTERM"], both["SIGKILL"]:
            sent = _send(both, wait + 1.5)
            ended = time.monotonic()
            restart = threading.Thread(target=_restart, args=(both,))
            restart.start()
            sent += _send(both, 1.5)
            restart.join()
            settled(lambda: [tiers.idle() for tiers in both.values()])
            return {how: _measure(tiers, sent, ended, wait) for how, tiers in both.items()}


def _send(both: dict[str, TwoTiers], seconds: float) -> Sent:
    sent, began = [], time.monotonic()
    while (now := time.monotonic()) < began + seconds:
        batch = [Known(500) for _ in range(BATCH)]
        for tiers in both.values():
            tiers.send(batch)
        sent += [(now, trace) for trace in batch]
        threading.Event().wait(PAUSE)
    return sent


def _restart(both: dict[str, TwoTiers]) -> None:
    for how, tiers in both.items():
        tiers.samplers[0].stop(ENDS[how])
    threading.Event().wait(AWAY)
    for tiers in both.values():
        tiers.samplers[0].start()


def _measure(tiers: TwoTiers, sent: Sent, ended: float, wait: int) -> Result:
    kept = tiers.kept()
    hurt = [moment for moment, trace in sent if trace.fate(kept) != "kept"]
    return {
        "sent": len(sent),
        "decision_wait": wait,
        "fates": fates((trace for _, trace in sent), kept),
        "hurt from": round(ended - min(hurt, default=ended), 1),
        "hurt until": round(max(hurt, default=ended) - ended, 1),
        "per second": round(len(sent) / (sent[-1][0] - sent[0][0])),
    }


def check(result: Result) -> None:
    for how, found in result.items():
        lost = found["fates"].get("dropped", 0)
        assert (lost > 0) == (how == "SIGKILL"), f"{how}: what waits is lost, or decided before the end"
        longest = found["decision_wait"] + 2  # a tick, and the way there
        assert found["hurt from"] <= longest, f"{how}: what was decided is safe"
        assert found["hurt until"] <= 0.5, f"{how}: what comes while it is away waits for it"
        assert lost <= found["per second"] * longest, f"{how}: no more than what waited"


def text(result: Result) -> str:
    rows = [_row(how, found) for how, found in result.items()]
    return table(("ended by", "traces sent", "kept whole", "lost", "torn", "the first lost was sent"), *rows)


def _row(how: str, found: Result) -> tuple[object, ...]:
    counts = [found["fates"].get(fate, 0) for fate in ("kept", "dropped", "torn")]
    first = f"{math.ceil(found['hurt from'])} s before" if counts[1] else "none"
    return (how, found["sent"], *counts, first)


EXPERIMENT = Experiment("sampler-restart", "tail-sampling", run, check, text)
