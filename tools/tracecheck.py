"""Assertions on a trace as a tree: `trace.span("processOrder").child("reserveInventory")`.

Shared by tests, labs and the doctor. `child` is directly under and exactly one; a span whose parent is
missing is an orphan, never a root. Every miss raises NotYet with the real tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


class NotYet(AssertionError):
    """The trace is not, or not yet, as it should be."""


class CannotCheck(Exception):
    """There is nothing to judge: no Jaeger, or an answer that is no trace."""


@dataclass(frozen=True)
class Span:
    """One span; times in nanoseconds since 1970, ids in hex, `parent_id` empty for a root."""

    name: str
    kind: str
    service: str
    trace_id: str
    span_id: str
    parent_id: str
    start: int
    end: int
    error: bool = False
    status_text: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    resource: dict[str, Any] = field(default_factory=dict)
    links: list[tuple[str, str]] = field(default_factory=list)  # (trace id, span id)

    @property
    def milliseconds(self) -> float:
        return (self.end - self.start) / 1e6

    def line(self) -> str:
        """How the span stands in a tree: name, service, kind, `!` when it is an error."""
        return f"{self.name}  {self.service} {self.kind}{' !' if self.error else ''}"


class Trace:
    """All spans of one trace id."""

    def __init__(self, spans: list[Span], link: str = "") -> None:
        self.spans = sorted(spans, key=lambda span: (span.start, -span.end))
        self.link = link
        self._ids = {span.span_id for span in spans}

    @property
    def roots(self) -> list[Span]:
        return [span for span in self.spans if not span.parent_id]

    @property
    def orphans(self) -> list[Span]:
        return [span for span in self.spans if span.parent_id and span.parent_id not in self._ids]

    def children(self, parent: Span) -> list[Span]:
        return [span for span in self.spans if span.parent_id == parent.span_id]

    def walk(self, span: Span, depth: int = 0) -> Iterator[tuple[int, Span]]:
        """Yield the span and everything under it, each with its depth."""
        yield depth, span
        for child in self.children(span):
            yield from self.walk(child, depth + 1)

    def tree(self, mark: Span | None = None) -> str:
        """Return the trace as indented text; orphans stand under `(parent missing)`, `>` marks a span."""
        lines = []
        for top in [*self.roots, *self.orphans]:
            if top.parent_id:
                lines.append("(parent missing)")
            for depth, span in self.walk(top, 1 if top.parent_id else 0):
                lines.append(("> " if span is mark else "") + "  " * depth + span.line())
        return "\n".join(lines) or "(no spans)"

    def miss(self, what: str, mark: Span | None = None) -> NotYet:
        return NotYet(f"NOT YET  {what}\n{self.tree(mark)}\n{self.link}".rstrip())

    def connected(self) -> Trace:
        """Demand one root and no orphan."""
        if len(self.roots) != 1 or self.orphans:
            raise self.miss(
                f"not one connected trace: {len(self.roots)} root(s), {len(self.orphans)} orphan(s)"
            )
        return self

    def services(self, *expected: str) -> Trace:
        """Demand exactly these services."""
        if (found := {span.service for span in self.spans}) != set(expected):
            raise self.miss(f"services in the trace: {sorted(found)}, expected {sorted(expected)}")
        return self

    def is_tree(self, expected: str) -> Trace:
        """Demand exactly this tree, as `tree()` writes it."""
        if self.tree() != expected.strip("\n"):
            raise self.miss(f"the tree should be\n{expected.strip()}\nbut it is")
        return self

    def span(self, name: str, **wanted: Any) -> Node:
        """Return the one span of that name; `wanted` as in Node.child."""
        return self._only(self.spans, f"span {name!r}", name, wanted, None)

    def no_span(self, name: str) -> Trace:
        """Demand that no span has this name."""
        if found := [span for span in self.spans if span.name == name]:
            raise self.miss(f"span {name!r} should not be there", found[0])
        return self

    def _only(
        self, among: list[Span], what: str, name: str, wanted: dict[str, Any], near: Span | None
    ) -> Node:
        found = [span for span in among if span.name == name and _fits(span, wanted)]
        if len(found) != 1:
            extra = f" with {wanted}" if wanted else ""
            raise self.miss(f"{what}{extra}: expected exactly 1, found {len(found)}", near)
        return Node(self, found[0])


class Node:
    """A span in its trace, to go on from."""

    def __init__(self, trace: Trace, span: Span) -> None:
        self.trace, self.raw = trace, span

    def child(self, name: str, **wanted: Any) -> Node:
        """Return the one span of that name directly under this one.

        `wanted`: service=, kind=, error=, or attributes with `__` for the dots: shop__order__id="…".
        """
        among = self.trace.children(self.raw)
        return self.trace._only(among, f"{self.raw.name!r} > {name!r}", name, wanted, self.raw)

    def descendant(self, name: str, **wanted: Any) -> Node:
        """Return the one span of that name anywhere under this one."""
        among = [span for _, span in self.trace.walk(self.raw)][1:]
        return self.trace._only(among, f"{self.raw.name!r} >> {name!r}", name, wanted, self.raw)

    def has(self, **wanted: Any) -> Node:
        """Demand these properties of this very span."""
        if not _fits(self.raw, wanted):
            shown = {key.replace("__", "."): _value(self.raw, key) for key in wanted}
            raise self.trace.miss(f"{self.raw.name!r} should have {wanted}, has {shown}", self.raw)
        return self

    def links_to(self, other: Span) -> Node:
        """Demand exactly one link, and to that span."""
        if self.raw.links != [(other.trace_id, other.span_id)]:
            raise self.trace.miss(
                f"{self.raw.name!r} should link to {other.name!r}, has links {self.raw.links}", self.raw
            )
        return self


def _value(span: Span, key: str) -> Any:
    if key in ("service", "kind", "error"):
        return getattr(span, key)
    return span.attributes.get(key.replace("__", "."))


def _fits(span: Span, wanted: dict[str, Any]) -> bool:
    return all(_value(span, key) == value for key, value in wanted.items())
