"""A trace as a tree in the terminal: service by colour, durations, errors marked."""

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.text import Text
from rich.tree import Tree

from .tracecheck import Span, Trace

COLOURS = {"order": "cyan", "inventory": "green", "payment": "magenta"}
console = Console(highlight=False)


def drawing(trace: Trace) -> RenderableType:
    """Return the whole trace, orphans under their own heading."""
    tops: list[RenderableType] = []
    for top in [*trace.roots, *trace.orphans]:
        tree = Tree(_label(top), guide_style="dim")
        _grow(tree, trace, top)
        tops.append(tree)
        if top.parent_id:
            tops.insert(-1, Text("(parent missing)", style="red"))
    return Group(*tops) if tops else Text("(no spans)", style="red")


def _grow(tree: Tree, trace: Trace, span: Span) -> None:
    for child in trace.children(span):
        _grow(tree.add(_label(child)), trace, child)


def _label(span: Span) -> str:
    colour = COLOURS.get(span.service, "white")
    why = str(span.attributes.get("error.type", "")) or span.status_text
    error = f"  [bold red]ERROR {escape(why)}[/]" if span.error else ""
    return (
        f"{escape(span.name)}  [{colour}]{escape(span.service)}[/] [dim]{span.kind.upper()}[/]"
        f"  {span.milliseconds:.1f} ms{error}"
    )


def summary(trace: Trace) -> str:
    """Return one line: how many spans of how many services, how long."""
    services = sorted({span.service for span in trace.spans})
    milliseconds = max(span.end for span in trace.spans) - min(span.start for span in trace.spans)
    return f"{len(trace.spans)} spans, {', '.join(services)}, {milliseconds / 1e6:.1f} ms"
