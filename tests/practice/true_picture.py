"""What the metrics say while traces are sampled: the services' own, and those made of spans."""

from collections import Counter
from html import escape

from tests.support import DECLINED, new_order
from tools.sampled import chosen

from .experiment import Experiment, Result
from .observed import ALL, LAYERS, Observed, Way, head, observe
from .pages import table
from .traced_shop import Wanted

SOON = "yaml:processors::tail_sampling::decision_wait: 1s"  # metrics do not wait for it
RATIOS = {"all": 1.0, "head 10 %": 0.1, "head 1 %": 0.01, "tail 10 %": 1.0}
WAYS = {
    "all": Way("every trace", ALL),
    "head 10 %": Way("head sampling, 10 %", head("parentbased_traceidratio", 0.1)),
    "head 1 %": Way("head sampling, 1 %", head("parentbased_traceidratio", 0.01)),
    "tail 10 %": Way("tail sampling", ALL, layers=(LAYERS / "tail-sampling.yaml", SOON)),
}
STATUS = {201: "confirmed", 202: "pending", 402: "rejected", 409: "rejected"}


def run(full: bool) -> Result:
    names = list(WAYS) if full else ["head 10 %", "tail 10 %"]
    return {
        name: _measure(observe(WAYS[name], _orders(1000 if full else 40)), RATIOS[name]) for name in names
    }


def _orders(count: int) -> list[Wanted]:
    """Of twenty one is out of stock and one is declined."""
    bodies = [new_order("unicorn"), new_order(method=DECLINED), *[new_order()] * 18]
    return [Wanted(body=bodies[n % 20]) for n in range(count)]


def _measure(seen: Observed, ratio: float) -> Result:
    ids = {one.trace_id for one in seen.placed}
    return {
        "orders": len(seen.placed),
        "by status": dict(Counter(STATUS[one.status] for one in seen.placed)),
        "counted by status": {status: count for status, count in seen.orders.items() if count},
        "requests": seen.requests,
        "made of spans": seen.calls,
        "traces sent": sum(chosen(trace_id, ratio) for trace_id in ids),
        "traces stored": len(ids & seen.stored.keys()),
    }


def check(result: Result) -> None:
    for name, found in result.items():
        assert found["counted by status"] == found["by status"], f"{name}: shop.orders"
        assert found["requests"] == found["orders"], f"{name}: http.server.request.duration"
        assert found["made of spans"] == found["traces sent"], f"{name}: span metrics see what is sent"
        seen_all = found["made of spans"] == found["orders"]
        assert seen_all == (not name.startswith("head")), f"{name}: span metrics are true or not"


def text(result: Result) -> str:
    rows = [_row(WAYS[name].title, found) for name, found in result.items()]
    head_row = (
        "",
        "orders placed",
        "`shop.orders`",
        "`http.server.request.duration`",
        "made of spans",
        "wrong by",
    )
    return table((*head_row, "traces stored"), *rows)


def _row(title: str, found: Result) -> tuple[object, ...]:
    counted, made = sum(found["counted by status"].values()), found["made of spans"]
    wrong = (
        "nothing"
        if made == found["orders"]
        else f"a factor of {found['orders'] / made:.1f}"
        if made
        else "all"
    )
    return (title, found["orders"], counted, found["requests"], made, wrong, found["traces stored"])


def pictures(result: Result) -> dict[str, str]:
    return {"true-picture.svg": bars([(WAYS[name].title, found) for name, found in result.items()])}


def bars(rows: list[tuple[str, Result]]) -> str:
    """Return a picture: for each way of sampling, what each kind of metric counted."""
    lines, y = [], 16
    for title, found in rows:
        lines.append(f'<text x="16" y="{y + 12}" fill="#222">{escape(title)}</text>')
        counted = sum(found["counted by status"].values())
        for text, value, colour in (
            ("shop.orders", counted, "#17b8be"),
            ("made of spans", found["made of spans"], "#b7885e"),
            ("traces stored", found["traces stored"], "#bbbbbb"),
        ):
            y += 20
            width = 480 * value / found["orders"]
            lines.append(f'<text x="130" y="{y + 11}" fill="#777" text-anchor="end">{text}</text>')
            lines.append(f'<rect x="140" y="{y}" width="{width:.1f}" height="14" fill="{colour}"/>')
            lines.append(f'<text x="{146 + width:.1f}" y="{y + 11}" fill="#777">{value}</text>')
        y += 34
    start = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 {y}" '
    font = 'font-family="system-ui, sans-serif" font-size="13">'
    back = f'<rect width="700" height="{y}" fill="#ffffff"/>'
    return "\n".join([start + font, back, *lines, "</svg>\n"])


EXPERIMENT = Experiment("true-picture", "sampling", run, check, text, pictures)
