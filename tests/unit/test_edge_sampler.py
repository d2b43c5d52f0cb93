"""The sampler of an edge that does not trust its clients: whose word counts for which span."""

import pytest
from chassis.sampling import EdgeSampler
from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler, SamplingResult
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState, set_span_in_context

ID, STATE = 2**100 + 1, TraceState([("vendor", "x")])


def decide(ours: Sampler, *, sampled: bool, remote: bool) -> SamplingResult:
    flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
    parent = NonRecordingSpan(SpanContext(ID, 1, remote, flags, STATE))
    return EdgeSampler(ours).should_sample(set_span_in_context(parent, Context()), ID, "GET /orders")


@pytest.mark.parametrize(
    ("ours", "sampled", "remote", "kept"),
    [
        pytest.param(ALWAYS_OFF, True, True, False, id="the client wants it, we do not"),
        pytest.param(ALWAYS_ON, True, True, True, id="both want it"),
        pytest.param(ALWAYS_ON, False, True, False, id="the client does not want it"),
        pytest.param(ALWAYS_OFF, True, False, True, id="a child here of what was kept"),
        pytest.param(ALWAYS_ON, False, False, False, id="a child here of what was not"),
    ],
)
def test_decision_for_a_span_with_a_parent(ours: Sampler, sampled: bool, remote: bool, kept: bool) -> None:
    result = decide(ParentBased(ours), sampled=sampled, remote=remote)
    assert result.decision.is_sampled() == kept
    assert result.trace_state == STATE


def test_not_sampled_is_honoured_whatever_our_sampler_is() -> None:
    assert not decide(ALWAYS_ON, sampled=False, remote=True).decision.is_sampled()


@pytest.mark.parametrize("ours", [ALWAYS_ON, ALWAYS_OFF])
def test_trace_that_begins_here_is_ours_to_decide(ours: Sampler) -> None:
    found = EdgeSampler(ParentBased(ours)).should_sample(Context(), ID, "GET /orders")
    assert found.decision.is_sampled() == (ours is ALWAYS_ON)
