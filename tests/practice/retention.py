"""Retention: what a trace costs on disk, that it goes in time, what is kept, what can still be asked."""

from .experiment import Experiment, Result
from .pages import table
from .retention_costs import costs, curve, inputs
from .retention_run import lived, size, steady


def check_size(result: Result) -> None:
    once, more = (stage["bytes"] / stage["spans"] for stage in result["stages"])
    assert 200 < once < 3000
    assert 0.9 < once / more < 1.1  # so it may be multiplied


def text_size(result: Result) -> str:
    rows = [
        (f"{stage['orders']:,}", f"{stage['spans']:,}", f"{stage['bytes'] / 1e6:,.1f} MB", *_each(stage))
        for stage in result["stages"]
    ]
    head = ("orders", "spans", "on disk", "bytes per span", "kB per order")
    return "\n\n".join([table(head, *rows), costs(_per_order(result)), inputs()])


def _each(stage: dict[str, int]) -> tuple[str, str]:
    return f"{stage['bytes'] / stage['spans']:,.0f}", f"{stage['bytes'] / stage['orders'] / 1000:.1f}"


def _per_order(result: Result) -> float:
    last = result["stages"][-1]
    return last["bytes"] / last["orders"]  # type: ignore[no-any-return]


def pictures_size(result: Result) -> dict[str, str]:
    return {"retention.svg": curve(_per_order(result))}


def check_expiry(result: Result) -> None:
    left, before = result["spans_left"], result["spans"]
    assert left["confirmed"] == 0 < before["confirmed"]
    assert left["declined"] == before["declined"] > 0
    assert result["gone_after"] >= result["ttl"] - 1


def text_expiry(result: Result) -> str:
    rows = [
        (what, before, after)
        for what, before, after in (
            ("an ordinary order", result["spans"]["confirmed"], result["spans_left"]["confirmed"]),
            ("the incident, archived", result["spans"]["declined"], result["spans_left"]["declined"]),
        )
    ]
    return (
        table(("spans of the trace of", "at once", f"{result['gone_after']} s later"), *rows)
        + f"\n\n`JAEGER_TRACE_TTL={result['ttl']}s` for the experiment."
    )


def check_after(result: Result) -> None:
    assert result["confirmed"] + result["rejected"] == result["placed"]
    assert 0 < result["declined"] < result["rejected"]
    assert 0 < result["within"] < float("inf")


def text_after(result: Result) -> str:
    rows = [
        (
            "How many orders were confirmed, how many rejected?",
            f"{result['confirmed']:,}, {result['rejected']:,}",
        ),
        ("How many because the payment was declined?", f"{result['declined']:,}"),
        ("How fast were 19 of 20 answered?", f"within {result['within']} s"),
        ("Which order was it? Which step took the time?", "nobody knows any more"),
    ]
    return table(("the question", "the metrics' answer"), *rows)


def check_steady(result: Result) -> None:
    half = [point for point in result["points"] if point[0] > result["points"][-1][0] / 2]
    sent = half[-1][1] * result["bytes_per_order"]
    assert max(point[2] for point in half) < 0.7 * sent  # it gives room back while it runs


def _live(result: Result) -> float:
    """Bytes of what has not expired, at the rate of this run."""
    seconds, orders, _ = result["points"][-1]
    return orders / seconds * result["ttl"] * result["bytes_per_order"]  # type: ignore[no-any-return]


def text_steady(result: Result) -> str:
    seconds, orders, _ = result["points"][-1]
    most = max(point[2] for point in result["points"])
    return (
        f"{orders:,} orders in {seconds:.0f} s, each forgotten after {result['ttl']} s: "
        f"{orders * result['bytes_per_order'] / 1e6:,.0f} MB were written, "
        f"{_live(result) / 1e6:,.0f} MB at a time were not yet expired,\n"
        f"and at most {most / 1e6:,.0f} MB lay on the disk."
    )


EXPERIMENTS = [
    Experiment("retention-size", "retention", size, check_size, text_size, pictures_size),
    Experiment(
        "retention-expiry", "retention", lambda full: lived(full)[1]["expiry"], check_expiry, text_expiry
    ),
    Experiment("retention-after", "retention", lambda full: lived(full)[1]["after"], check_after, text_after),
    Experiment("retention-steady", "retention", steady, check_steady, text_steady, fast=False),
]
