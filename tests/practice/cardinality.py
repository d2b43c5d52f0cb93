"""Cardinality: metrics stand still under thousands of ids; what an id as a dimension costs, a limit saves."""

from collections.abc import Callable

from tools.curves import curves

from .cardinality_run import measured
from .experiment import Experiment, Result
from .pages import table

WITH_ORDER_ID = 1 + 13 + 2
"""Series one more order id makes: calls of processOrder; buckets, sum and count of its durations."""


def part(*keys: str) -> Callable[[bool], Result]:
    """One run for all experiments of the page; each keeps what it speaks of."""
    return lambda full: {key: measured(full)[key] for key in ("ids", *keys)}


def check_stands_still(result: Result) -> None:
    assert result["new"] == {"sdk": [], "base": []}
    for who in ("sdk", "base"):
        before, after = result["series"][who]
        assert before == after > 0, who
    assert result["refused"] == []  # so every Collector has seen everything


def text_stands_still(result: Result) -> str:
    ids = f"{result['ids']:,}"
    rows = [
        (title, f"{result['series'][who][0]:,}", f"{result['series'][who][1]:,}")
        for title, who in (
            ("points in the SDKs of the three services", "sdk"),
            ("series on the Collector's page", "base"),
        )
    ]
    return (
        f"{ids} orders of {ids} customers, {ids} paths with an id (orders nobody placed, paths nobody\n"
        f"serves), {result['ids'] // 10:,} methods nobody knows:\n\n" + table(("", "before", "after"), *rows)
    )


def check_explosion(result: Result) -> None:
    before, after = result["series"]["exploded"]
    assert after - before == result["ids"] * WITH_ORDER_ID
    assert result["cost"]["exploded"]["bytes"] > 3 * result["cost"]["base"]["bytes"]
    in_process = result["in_process"]
    assert in_process["ids"]["points"] == result["ids"]  # the SDK has no limit of its own
    assert in_process["statuses"]["points"] == 1


def text_explosion(result: Result) -> str:
    base, exploded = result["cost"]["base"], result["cost"]["exploded"]
    in_process = result["in_process"]
    rows = [
        ("series", f"{result['series']['base'][1]:,}", f"{result['series']['exploded'][1]:,}"),
        ("one scrape", _megabytes(base["bytes"]), _megabytes(exploded["bytes"])),
        ("memory of the Collector", f"{base['mebibytes']} MiB", f"{exploded['mebibytes']} MiB"),
        (
            "a counter in the service, sent every time",
            _points(in_process["statuses"]),
            _points(in_process["ids"]),
        ),
    ]
    return (
        "![The number of series grows with every order](cardinality.svg)\n\n"
        + table((f"after {result['ids']:,} orders", "as it is", "with `shop.order.id`"), *rows)
        + f"\n\nEach order makes {WITH_ORDER_ID} series, for one number that never changes again."
    )


def picture(result: Result) -> dict[str, str]:
    names = ("as it is", "with shop.order.id", "the same, limited")
    lines = {
        name: [(float(point[0]), float(point[column])) for point in result["curve"]]
        for column, name in enumerate(names, 1)
    }
    return {
        "cardinality.svg": curves(
            lines, "orders, each with an id of its own", "series on the Collector's page"
        )
    }


def check_limit(result: Result) -> None:
    (_, _, _, last_but_one), (ids, _, exploded, last) = result["curve"][-2:]
    assert last_but_one == last < exploded  # it saves: once reached, nothing grows
    declined, limited = result["declined"], result["limited"]
    assert declined["base"] == declined["exploded"] == declined["placed"]
    assert declined["limited"] == 0  # it destroys: what is new has no name
    assert 0 < limited["named"] < result["limit"] < limited["orders"]
    assert limited["nameless"] >= limited["orders"] - limited["named"] >= ids - result["limit"]


def text_limit(result: Result) -> str:
    declined, limited = result["declined"], result["limited"]
    rows = [
        ("series", f"{result['curve'][-1][2]:,}", f"{result['curve'][-1][3]:,}"),
        ("spans of `order` counted", f"{limited['calls']:,}", f"{limited['calls']:,}"),
        ("of them in `otel_metric_overflow`, without a name", "0", f"{limited['nameless']:,}"),
        ("`processOrder` by name", f"{limited['orders']:,}", f"{limited['named']:,}"),
        (
            f"red `processPayment` of {declined['placed']} declined orders",
            declined["exploded"],
            declined["limited"],
        ),
    ]
    return table(("", "no limit", f"`aggregation_cardinality_limit: {result['limit']}`"), *rows)


def check_restart(result: Result) -> None:
    before, after = result["restart"]["base"]
    assert before == after
    before, after = result["restart"]["processes"]
    assert after > before
    together = result["together"]
    assert together["processes"] == together["placed"] > together["base"]


def text_restart(result: Result) -> str:
    restart, together = result["restart"], result["together"]
    rows = [
        ("series, before and after a restart of `order`", *(f"{b:,} → {a:,}" for b, a in restart.values())),
        (
            f"orders counted, of {together['placed']} that two processes of `order` confirmed",
            together["base"],
            together["processes"],
        ),
    ]
    return table(("", "`base.yaml`", "with `replicas.yaml`"), *rows)


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def _points(sent: dict[str, int]) -> str:
    points = "1 point" if sent["points"] == 1 else f"{sent['points']:,} points"
    return f"{points}, {sent['bytes'] / 1000:,.1f} kB"


EXPERIMENTS = [
    Experiment(
        "cardinality-explosion",
        "cardinality",
        part("series", "cost", "in_process", "curve"),
        check_explosion,
        text_explosion,
        picture,
    ),
    Experiment(
        "cardinality", "cardinality", part("series", "new", "refused"), check_stands_still, text_stands_still
    ),
    Experiment(
        "cardinality-limit",
        "cardinality",
        part("limit", "curve", "declined", "limited"),
        check_limit,
        text_limit,
    ),
    Experiment(
        "cardinality-restart", "cardinality", part("restart", "together"), check_restart, text_restart
    ),
]
