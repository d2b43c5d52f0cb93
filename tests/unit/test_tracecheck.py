"""The trace helper on made-up traces, broken ones above all: a check that can't fail teaches nothing."""

import pytest

from tools.tracecheck import NotYet, Span, Trace


def span(name: str, parent: str = "", service: str = "order", **more: object) -> Span:
    made = {"kind": "internal", "start": len(name), "end": 100} | more
    return Span(name=name, service=service, trace_id="t", span_id=name, parent_id=parent, **made)  # type: ignore[arg-type]


GOOD = [
    span("a"),
    span("bb", "a", attributes={"shop.order.id": "1"}),
    span("ccc", "bb", "payment", kind="server"),
    span("dddd", "a", error=True),
]


def test_good_trace_passes_every_check() -> None:
    trace = Trace(GOOD).connected().services("order", "payment").no_span("x")
    trace.span("a").child("bb", shop__order__id="1").child("ccc", service="payment", kind="server")
    trace.span("a").descendant("ccc").has(kind="server", error=False)


def test_tree_is_drawn_as_indented_text() -> None:
    tree = "a  order internal\n  bb  order internal\n    ccc  payment server\n  dddd  order internal !"
    assert Trace(GOOD).tree() == tree
    Trace(GOOD).is_tree(tree + "\n")


@pytest.mark.parametrize(
    ("check", "says"),
    [
        (lambda t: t.span("zzz"), "found 0"),
        (lambda t: t.span("a").child("ccc"), "'a' > 'ccc': expected exactly 1, found 0"),
        (lambda t: t.span("a").child("bb", shop__order__id="2"), "found 0"),
        (lambda t: t.span("a").descendant("a"), "found 0"),
        (lambda t: t.span("dddd").has(error=False), "should have"),
        (lambda t: t.services("order"), "services in the trace"),
        (lambda t: t.no_span("bb"), "should not be there"),
        (lambda t: t.is_tree("a  order internal"), "the tree should be"),
    ],
)
def test_miss_says_what_and_shows_the_real_tree(check: object, says: str) -> None:
    with pytest.raises(NotYet) as miss:
        check(Trace(GOOD, "http://jaeger/trace/t"))  # type: ignore[operator]
    assert says in str(miss.value)
    assert "bb  order internal" in str(miss.value)
    assert str(miss.value).endswith("http://jaeger/trace/t")


def test_span_twice_is_not_exactly_one() -> None:
    twice = [*GOOD, Span("bb", "internal", "order", "t", "other", "a", 5, 6)]
    with pytest.raises(NotYet, match="found 2"):
        Trace(twice).span("a").child("bb")


def test_orphan_is_no_root() -> None:
    trace = Trace([span("bb", "missing")])
    assert (trace.roots, [orphan.name for orphan in trace.orphans]) == ([], ["bb"])
    with pytest.raises(NotYet, match=r"0 root\(s\), 1 orphan\(s\)"):
        trace.connected()
    assert trace.tree().startswith("(parent missing)")


@pytest.mark.parametrize("spans", [[], [span("a"), span("bb")]])
def test_empty_or_split_trace_is_not_connected(spans: list[Span]) -> None:
    with pytest.raises(NotYet):
        Trace(spans).connected()
