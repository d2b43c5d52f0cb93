"""The set-ups compared: each is the services with some lines changed, an environment, a Collector."""

from dataclasses import dataclass, field

from tests.practice.variant import Change

from .changes import CONTRIB, OFF, SYNCHRONOUS, TEXTBOOK

ELSEWHERE = "http://127.0.0.1:9"
"""The discard port: nobody listens there."""


@dataclass(frozen=True)
class Variant:
    """`flags` are uvicorn's. `slow`: it could not take the rate the others are compared at."""

    name: str
    says: str
    changes: tuple[Change, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ("--no-access-log",)
    collector: str = "plain"
    slow: bool = False


def _off(name: str, says: str) -> Variant:
    return Variant(name, says, OFF, {"OTEL_TRACES_EXPORTER": "none"})


def _head(share: float) -> dict[str, str]:
    return {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": str(share)}


VARIANTS = (
    _off("off", "no tracing, metrics as everywhere"),
    _off("off again", "the same once more: what is chance"),
    Variant("1 %", "head sampling, one trace of a hundred", environment=_head(0.01)),
    Variant("10 %", "head sampling, one of ten", environment=_head(0.1)),
    Variant("100 %", "every trace: the shop as it is"),
    Variant("tail", "every trace leaves, the Collector keeps what is worth it", collector="tail-sampling"),
    Variant("dead", "every trace, and no Collector", environment={"OTEL_EXPORTER_OTLP_ENDPOINT": ELSEWHERE}),
    Variant(
        "synchronous",
        "each span is sent before its request goes on",
        SYNCHRONOUS,
        {"OTEL_TRACES_EXPORTER": "none"},
    ),
    Variant("contrib", "every trace, contrib's instrumentation as it comes", CONTRIB),
    Variant(
        "textbook",
        "contrib, an HTTP client per call, uvicorn without extras",
        TEXTBOOK,
        flags=("--loop", "asyncio", "--http", "h11"),
        slow=True,
    ),
)
