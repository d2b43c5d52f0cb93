"""The set-ups compared: each is the services with some lines changed, an environment, a Collector."""

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.practice.variant import Change

from .bare import BARE
from .changes import (
    BURN,
    CONTRIB,
    CYCLES,
    HTTPX_POOL,
    LOOKED_AT,
    OFF,
    OPERATION_SPANS,
    PER_CALL,
    PYMONGO,
    PYTHONS_GC,
    STOCK_ENCODER,
    SYNCHRONOUS,
    TEXTBOOK,
)

ELSEWHERE = "http://127.0.0.1:9"
"""The discard port: nobody listens there."""
ASYNCIO = ("--loop", "asyncio")
"""As the services have no other; the bench has uvloop, and uvicorn would take it."""
QUIET = "--no-access-log"
H11 = (*ASYNCIO, "--http", "h11")
NO_EXPORTER = {"OTEL_TRACES_EXPORTER": "none"}
STOCK = {"SPAN_SPOOL_MIB": "0"}
"""The SDK's exporter as it is."""


@dataclass(frozen=True)
class Variant:
    """`flags` are uvicorn's. `slow`: it could not take the rate the others are compared at.

    `settle`: seconds until its last spans have left. `python`: instead of the one that runs the others.
    """

    name: str
    says: str = ""
    changes: tuple[Change, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = (*ASYNCIO, QUIET)
    collector: str = "plain"
    slow: bool = False
    settle: float = 0.3
    python: Path | None = None


@dataclass(frozen=True)
class Lever:
    """What makes the shop cheaper: `base` has it, `without` is the same without it. `kept`: and why not."""

    says: str
    without: Variant
    kept: str = "yes"
    base: str = "100 %"


def _off(name: str, says: str, changes: tuple[Change, ...] = OFF) -> Variant:
    return Variant(name, says, changes, NO_EXPORTER)


def _head(share: float) -> dict[str, str]:
    return {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": str(share)}


ONE, ALL = (
    Variant("1 %", "head sampling, one trace of a hundred", environment=_head(0.01)),
    Variant("100 %", "every trace: the shop as it is"),
)
VARIANTS = (
    _off("off", "no tracing, metrics as everywhere"),
    _off("off again", "the same once more: what is chance"),
    _off("burn", "no tracing, but each request burns CPU", BURN),
    Variant("kept", "every span is made, none leaves the process", environment=NO_EXPORTER),
    ONE,
    Variant("10 %", "head sampling, one of ten", environment=_head(0.1)),
    ALL,
    Variant("memory", "every trace; Jaeger keeps it in memory, not on disk", collector="memory"),
    Variant("elsewhere", "every trace; a stub takes the spans", collector="elsewhere"),
    Variant("tail", "every trace leaves, the Collector keeps what is worth it", collector="tail-sampling"),
    Variant("dead", "every trace, and no Collector", environment={"OTEL_EXPORTER_OTLP_ENDPOINT": ELSEWHERE}),
    Variant(
        "synchronous",
        "each span is sent before its request goes on",
        SYNCHRONOUS,
        NO_EXPORTER,
        slow=True,
    ),
    Variant("contrib", "every trace, contrib's instrumentation and the SDK as they come", CONTRIB, STOCK),
    Variant(
        "textbook",
        "contrib, an HTTP client per call, uvicorn without extras",
        TEXTBOOK,
        STOCK,
        flags=H11,
        slow=True,
    ),
)
LEVERS = (
    Lever("nothing: the same once more, what is chance", Variant("100 % again"), kept=""),
    Lever(
        "the system's Python, not the one `make up` has without Docker",
        Variant("this Python", python=Path(sys.executable)),
        kept="yes: the images' is built with optimisation too",
    ),
    Lever("one HTTP client per service, not per call", Variant("per call", changes=PER_CALL, slow=True)),
    Lever("aiohttp's connections behind it, not httpx's own", Variant("httpx pool", changes=HTTPX_POOL)),
    Lever("httptools, not h11", Variant("h11", flags=(*H11, QUIET))),
    Lever(
        "asyncio's own loop, not uvloop",
        Variant("uvloop", flags=("--loop", "uvloop", QUIET)),
        kept="yes: while it is busy, uvloop accepts one connection at a time",
    ),
    Lever("no spans for a request's parts in FastAPI", Variant("operation spans", changes=OPERATION_SPANS)),
    Lever(
        "FastAPI's own telemetry and our hooks, not contrib's",
        Variant("contrib", changes=CONTRIB, environment=STOCK),
    ),
    Lever(
        "spans are written into their batch at once (`encoding.py`)",
        Variant("stock encoder", changes=STOCK_ENCODER),
    ),
    Lever(
        "what is there after the start is not garbage (`gc.freeze`)",
        Variant("Python's GC", changes=PYTHONS_GC),
    ),
    Lever("a call leaves nothing to the garbage collector", Variant("cycles", changes=CYCLES)),
    Lever(
        "spans wait for a Collector that is away",
        Variant("no spool", environment=STOCK),
        kept="yes, whatever it costs",
    ),
    Lever(
        "what is not sampled is not instrumented",
        Variant("1 %, looked at", changes=LOOKED_AT, environment=_head(0.01)),
        base="1 %",
    ),
    Lever(
        "calls are tried again and bounded, clients limited, bodies checked, faults there to switch on",
        Variant("bare", changes=BARE),
        kept="yes: that is the shop; *bare* is for comparison",
    ),
    Lever(
        "the same, and spans are sent",
        Variant("bare, kept", changes=BARE, environment=NO_EXPORTER),
        kept="yes; *bare, kept* is the least that flow, libraries and spans take",
    ),
    Lever(
        "Motor, not PyMongo's own async client",
        Variant("PyMongo", changes=PYMONGO),
        kept="Motor is what the shop was to use",
    ),
    Lever(
        "Motor's threads: five for each core, not two",
        Variant("few threads", environment={"MOTOR_MAX_WORKERS": str(2 * (os.cpu_count() or 1))}),
        kept="Motor's default: each command under way holds one, and a write can wait for the disk",
    ),
    Lever(
        "batches of 512 spans, not 64",
        Variant("batches of 64", environment={"OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "64"}),
        kept="the SDK's default",
    ),
    Lever(
        "spans leave four times a second, not ten",
        Variant("every 100 ms", environment={"OTEL_BSP_SCHEDULE_DELAY": "100"}),
    ),
    Lever(
        "spans leave four times a second, not every 5 s",
        Variant("every 5 s", environment={"OTEL_BSP_SCHEDULE_DELAY": "5000"}, settle=5.5),
        kept="yes: who has placed an order wants to see its trace now",
    ),
    Lever(
        "spans leave as they are, not packed with gzip",
        Variant("gzip", environment={"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}),
        kept="yes: the Collector is next door",
    ),
)
