"""What a client wrote, or an error quotes, stays off every span, whoever made it: our code or a library.

It is taken off in one place: else everybody who makes a span would have to think of it.
"""

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Event, Span, SpanProcessor
from opentelemetry.trace import Status

HIDDEN = "REDACTED"
FREE = {"url.path", "url.query", "http.request.method_original", "url.full"}  # strict.py shows good paths


class Scrubber(SpanProcessor):
    """Hides what can hold anything as a span starts, and the texts of errors as it ends."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        attributes = span.attributes or {}
        for name in FREE.intersection(attributes):
            if name != "url.full":
                span.set_attribute(name, HIDDEN)
            elif "?" in (url := str(attributes[name])):
                span.set_attribute(name, f"{url.partition('?')[0]}?{HIDDEN}")

    def _on_ending(self, span: Span) -> None:
        """Of an error keep the class, as `error.type`: its text may be `ValueError: bob@example.com`.

        The name is the SDK's, whose hook is still an experiment. tests/canary notices if it goes.
        """
        if text := span.status.description:
            span._status = Status(span.status.status_code)
            attributes = {"error.type": _class(text), **(span.attributes or {})}
            span._attributes = BoundedAttributes(attributes=attributes)
        # Most spans have no events, and to ask for `events` is to copy them.
        if span._events and any(event.name == "exception" for event in span.events):
            span._events = [_without_text(event) for event in span.events]


def _class(text: str) -> str:
    """The exception's class: the SDK writes it before the text. `_OTHER`, by convention, for no class."""
    name = text.partition(":")[0]
    return name if name.isidentifier() and name[0].isupper() else "_OTHER"


def _without_text(event: Event) -> Event:
    """The stack trace goes too: its last line is the text. The log has the place, as `at`."""
    if event.name != "exception":
        return event
    kept = {name: value for name, value in (event.attributes or {}).items() if name == "exception.type"}
    return Event(event.name, kept, event.timestamp)
