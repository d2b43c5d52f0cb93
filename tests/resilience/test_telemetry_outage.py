"""The Collector or Jaeger is away, or hangs: orders must not notice."""

import os
import time

from tests.contract import CONTRACT
from tests.e2e.conftest import Stack
from tests.support import eventually

from .chaos import KILLABLE, Chaos
from .conftest import FULL
from .figures import Figures
from .hanging import Hanging
from .load import Load, Shot, percentile, statuses

# Orders a second; for minutes, beyond 50 the stand-in for MongoDB can't keep up on two cores.
RATE = float(os.environ.get("RATE") or (30 if FULL else 20))
HEALTHY, AWAY = (20.0, 60.0) if FULL else (3.0, 15.0)  # seconds
CONFIRMED = CONTRACT["trees"]["confirmed"]
SLOWEST = 3000.0
"""Milliseconds of the 99th percentile, far above the noise of a busy machine and far below 15 s: that is what
it becomes where orders wait for exports, since an exporter tries again for ten seconds."""
GROWTH = 32.0
"""MiB a service may grow by: its spool holds 16, and the SDK's queue next to nothing."""
PATIENCE = 8.0
"""Seconds for a service to end: 5 for requests under way, 3 for the last spans. SIGKILL comes after 15."""


def test_orders_do_not_feel_that_the_collector_is_down(stack: Stack, chaos: Chaos, figures: Figures) -> None:
    with Load(stack.url("ORDER"), RATE, HEALTHY + AWAY + HEALTHY) as load:
        load.until(HEALTHY)
        chaos.stop("otel-collector")
        down, memory = load.second, megabytes(chaos)
        load.until(HEALTHY + AWAY)
        grown = growth(chaos, memory)
        chaos.start("otel-collector")
    began = time.monotonic()
    before, during = load.between(0, HEALTHY), load.between(down, HEALTHY + AWAY)
    after = load.between(HEALTHY + AWAY, 1e9)
    figures.say(**of(load, before=before, during=during, after=after), away=f"{AWAY:.0f} s", grown_mib=grown)
    assert statuses(load.shots) == {201: len(load.shots)}
    eventually(lambda: nothing_lost(stack, load.shots), seconds=45)
    figures.say(all_spans_after=round(time.monotonic() - began, 1))
    nothing_lost(stack, load.shots, most=len(load.shots))
    assert percentile(during, 0.99) < SLOWEST
    assert max(grown.values()) < GROWTH


def test_orders_do_not_feel_a_collector_that_hangs(stack: Stack, chaos: Chaos, figures: Figures) -> None:
    with Load(stack.url("ORDER"), RATE, HEALTHY + AWAY) as load:
        load.until(HEALTHY)
        chaos.stop("otel-collector")
        with Hanging(int(stack.environment["OTLP_HTTP_PORT"])) as collector:
            hung, memory = load.second, megabytes(chaos)
            load.until(HEALTHY + AWAY)
            grown = growth(chaos, memory)
            began = time.monotonic()
            chaos.stop(*KILLABLE)
            ended = time.monotonic() - began
    before, during = load.between(0, HEALTHY), load.between(hung, HEALTHY + AWAY)
    figures.say(
        **of(load, before=before, during=during), grown_mib=grown, services_ended_after=round(ended, 1)
    )
    assert len(collector.connections) >= len(KILLABLE)  # each service tried
    assert statuses(load.shots) == {201: len(load.shots)}
    assert percentile(during, 0.99) < SLOWEST
    assert max(grown.values()) < GROWTH
    assert ended < PATIENCE


def test_jaeger_that_hangs_behind_the_collector_is_not_felt_and_misses_nothing(
    stack: Stack, chaos: Chaos, figures: Figures
) -> None:
    with Load(stack.url("ORDER"), RATE, HEALTHY + AWAY) as load:
        load.until(HEALTHY)
        chaos.stop("jaeger")
        with Hanging(int(stack.environment["JAEGER_OTLP_PORT"])) as jaeger:
            hung = load.second
            load.until(HEALTHY + AWAY)
    chaos.start("jaeger")
    began, during = time.monotonic(), load.between(hung, 1e9)
    eventually(lambda: nothing_lost(stack, during), seconds=45)
    figures.say(
        **of(load, before=load.between(0, HEALTHY), during=during),
        all_spans_after=round(time.monotonic() - began, 1),
    )
    assert jaeger.connections  # the Collector tried
    assert statuses(load.shots) == {201: len(load.shots)}
    assert percentile(during, 0.99) < SLOWEST


def of(load: Load, **phases: list[Shot]) -> dict[str, object]:
    """The figures of a load: answers, and milliseconds by phase."""
    times = {name: [percentile(shots, 0.5), percentile(shots, 0.99)] for name, shots in phases.items()}
    ratio = [
        round(during / before, 2) for during, before in zip(times["during"], times["before"], strict=True)
    ]
    return {
        "rate": load.rate,
        "answers": statuses(load.shots),
        "p50_and_p99_ms": times,
        "during_to_before": ratio,
    }


def megabytes(chaos: Chaos) -> dict[str, float]:
    return {name: chaos.process(name).memory_info().rss / 2**20 for name in KILLABLE}


def growth(chaos: Chaos, memory: dict[str, float]) -> dict[str, float]:
    return {name: round(size - memory[name], 1) for name, size in megabytes(chaos).items()}


def nothing_lost(stack: Stack, shots: list[Shot], most: int = 500) -> None:
    """Jaeger has every span of these orders; of many orders it looks at some."""
    jaeger, some = stack.jaeger, shots[:: max(1, len(shots) // most)]
    there = sum(len({span.span_id for span in jaeger.trace(shot.trace_id).spans}) for shot in some)
    wanted = len(some) * len(CONFIRMED.splitlines())
    assert there == wanted, f"{1 - there / wanted:.1%} of the spans are lost"
