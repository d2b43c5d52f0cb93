"""Which baggage may come in, what of it becomes span attributes, and to whom it goes on. The rest is dropped.

Baggage is a header anybody can send and every service forwards: an allow-list is what keeps it safe.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from opentelemetry import baggage, trace
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context, attach, create_key, detach, get_current, get_value, set_value
from opentelemetry.propagators import textmap
from opentelemetry.sdk.trace import Span, SpanProcessor

Headers = list[tuple[bytes, bytes]]

# key: (values allowed, attribute it becomes, that attribute's value; None: the entry's own)
FROM_OUTSIDE = {
    "shop.synthetic": (re.compile("true"), "user_agent.synthetic.type", "test"),
    # A card's number has 13 digits at least, so it is no seat.
    "shop.seat": (re.compile(r"(?!(\D*\d){13})[a-z0-9-]{1,16}"), "shop.seat", None),
}
INSIDE = FROM_OUTSIDE | {
    # Set by order from its own records; a client's claim to a tier is dropped at the edge.
    "shop.customer.tier": (re.compile("standard|silver|gold"), "shop.customer.tier", None),
}
MAX_BYTES = 256
_w3c = W3CBaggagePropagator()
_OURS = create_key("a call to a service of ours")


def keep_allowed(headers: Headers, *, edge: bool, most: int = MAX_BYTES) -> Headers:
    """Return the headers with only allowed baggage in them. `edge`: they come from outside."""
    sent = b",".join(value for name, value in headers if name == b"baggage")
    if not sent:
        return headers
    kept = _kept(sent, edge)
    rest = [(name, value) for name, value in headers if name != b"baggage"]
    return [*rest, (b"baggage", kept)] if 0 < len(kept) <= most else rest


@lru_cache(maxsize=64)  # nearly every request has one of a few
def _kept(sent: bytes, edge: bool) -> bytes:
    allowed = FROM_OUTSIDE if edge else INSIDE
    context, kept = Context(), dict[str, str]()
    for key, value in baggage.get_all(_w3c.extract({"baggage": sent.decode("latin-1")}, Context())).items():
        if key in allowed and allowed[key][0].fullmatch(str(value)):
            context = baggage.set_baggage(key, value, context)
    _w3c.inject(kept, context)
    return kept.get("baggage", "").encode()


class BaggageToAttributes(SpanProcessor):
    """Copies allowed baggage onto each span as it starts."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        for key, value in baggage.get_all(parent_context).items():
            if key in INSIDE:
                _, attribute, fixed = INSIDE[key]
                span.set_attribute(attribute, fixed or str(value))


@contextmanager
def to_ours() -> Iterator[None]:
    """Calls made inside go to a service of ours: baggage and tracestate go along."""
    token = attach(set_value(_OURS, True))
    try:
        yield
    finally:
        detach(token)


class OursOnly(textmap.TextMapPropagator):
    """Propagates as configured to services of ours; anybody else gets the ids of the trace, nothing more.

    Everybody is anybody else until `to_ours` says otherwise: who forgets it tells a third party nothing.
    """

    def __init__(self, configured: textmap.TextMapPropagator) -> None:
        self._configured = configured

    def inject(
        self,
        carrier: textmap.CarrierT,
        context: Context | None = None,
        setter: textmap.Setter[textmap.CarrierT] = textmap.default_setter,
    ) -> None:
        context = get_current() if context is None else context
        ours = get_value(_OURS, context)
        self._configured.inject(carrier, context if ours else _ids_only(context), setter)

    def extract(
        self,
        carrier: textmap.CarrierT,
        context: Context | None = None,
        getter: textmap.Getter[textmap.CarrierT] = textmap.default_getter,
    ) -> Context:
        return self._configured.extract(carrier, context, getter)

    @property
    def fields(self) -> set[str]:
        return self._configured.fields


def _ids_only(context: Context) -> Context:
    """Neither baggage nor tracestate: that is a client's text, or a vendor's, and not ours to hand on."""
    span = trace.get_current_span(context).get_span_context()
    bare = trace.SpanContext(span.trace_id, span.span_id, span.is_remote, span.trace_flags)
    return baggage.clear(trace.set_span_in_context(trace.NonRecordingSpan(bare), context))
