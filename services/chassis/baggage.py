"""Which baggage may come in, and which of it becomes span attributes. Everything else is dropped on arrival.

Baggage is a header anybody can send and every service forwards: an allow-list is what keeps it safe.
"""

import re

from opentelemetry import baggage
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor

Headers = list[tuple[bytes, bytes]]

# key: (values allowed, attribute it becomes, that attribute's value; None: the entry's own)
FROM_OUTSIDE = {
    "shop.synthetic": (re.compile("true"), "user_agent.synthetic.type", "test"),
    "shop.seat": (re.compile("[a-z0-9-]{1,16}"), "shop.seat", None),
}
INSIDE = FROM_OUTSIDE | {
    # Set by order from its own records; a client's claim to a tier is dropped at the edge.
    "shop.customer.tier": (re.compile("standard|silver|gold"), "shop.customer.tier", None),
}
MAX_BYTES = 256
_w3c = W3CBaggagePropagator()


def keep_allowed(headers: Headers, *, edge: bool) -> Headers:
    """Return the headers with only allowed baggage in them. `edge`: they come from outside."""
    sent = b",".join(value for name, value in headers if name == b"baggage")
    if not sent:
        return headers
    allowed = FROM_OUTSIDE if edge else INSIDE
    context, kept = Context(), dict[str, str]()
    for key, value in baggage.get_all(_w3c.extract({"baggage": sent.decode("latin-1")}, Context())).items():
        if key in allowed and allowed[key][0].fullmatch(str(value)):
            context = baggage.set_baggage(key, value, context)
    _w3c.inject(kept, context)
    rest = [(name, value) for name, value in headers if name != b"baggage"]
    if "baggage" not in kept or len(kept["baggage"]) > MAX_BYTES:
        return rest
    return [*rest, (b"baggage", kept["baggage"].encode())]


class BaggageToAttributes(SpanProcessor):
    """Copies allowed baggage onto each span as it starts; blanks query strings, which can hold anything."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        for key, value in baggage.get_all(parent_context).items():
            if key in INSIDE:
                _, attribute, fixed = INSIDE[key]
                span.set_attribute(attribute, fixed or str(value))
        if span.attributes and "url.query" in span.attributes:
            span.set_attribute("url.query", "REDACTED")
