"""Who may decide that a trace is kept, at the edge. Everywhere else the caller's decision stands.

OTEL_TRACES_SAMPLER says how we decide; this says whether a client may overrule it.
"""

from collections.abc import Sequence

from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState, get_current_span
from opentelemetry.util.types import Attributes


class EdgeSampler(Sampler):
    """A client's «sampled» is not believed: our sampler decides, by its trace id, as if it began here.

    Its «not sampled» is honoured: that costs us nothing. Trace id and tracestate stay the client's.
    """

    def __init__(self, ours: Sampler) -> None:
        self._ours = ours

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        parent = get_current_span(parent_context).get_span_context()
        if not parent.is_remote:  # the span has its parent in this process, or none
            return self._ours.should_sample(parent_context, trace_id, name, kind, attributes, links)
        if not parent.trace_flags.sampled:
            return SamplingResult(Decision.DROP, trace_state=parent.trace_state)
        found = self._ours.should_sample(Context(), trace_id, name, kind, attributes, links)
        return SamplingResult(found.decision, found.attributes, parent.trace_state)

    def get_description(self) -> str:
        return f"{self._ours.get_description()}, clients not trusted"
