"""Questions about a thousand orders, answered by a search; and what is left of it with the id in the name."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from order.customers import tier_of

from tests.shop_processes import ShopProcesses
from tests.support import DECLINED, eventually, new_order, trace_id_of
from tools.drawing import GREEN, GREY, INK, RED, picture, text
from tools.jaeger_internal import Search
from tools.tracecheck import Span

from .experiment import Experiment, Result
from .jaeger_process import JaegerProcess
from .metrics_rig import OFTEN
from .pages import table
from .traced_shop import settled
from .variant import Change, changed, diff
from .watched import Watched, series
from .waterfall import bars, waterfall

IN_THE_NAME = Change("order/process_order.py", '"processOrder"', 'f"processOrder {order.id}"')
NOTED = ("shop.order.status", "shop.payment.outcome", "error.type", "http.response.status_code")
SHOWN = 12
CUSTOMERS = ("customer-1", "customer-2", "customer-3", "somebody")
KINDS: dict[str, dict[str, Any]] = {
    "good": {},
    "sold out": {"sku": "unicorn"},
    "declined": {"method": DECLINED},
}


@dataclass(frozen=True)
class Order:
    """One that was placed."""

    kind: str
    tier: str
    synthetic: bool
    trace_id: str
    id: str


@dataclass(frozen=True)
class Question:
    """What somebody asks, where a search looks for it, and of which orders it is true as the client knows."""

    asks: str
    service: str
    operation: str
    attributes: dict[str, str]
    true_of: Callable[[Order], bool]


def questions(mine: Order) -> list[Question]:
    """`mine` is the one a customer calls about."""
    gold, declined = {"shop.customer.tier": "gold"}, {"error.type": "payment-declined"}
    return [
        Question(
            "Where is my order?",
            *("order", "processOrder", {"shop.order.id": mine.id}),
            lambda order: order.id == mine.id,
        ),
        Question(
            "Which were rejected?",
            *("order", "processOrder", {"shop.order.status": "rejected"}),
            lambda order: order.kind != "good",
        ),
        Question(
            "Which because there was too little?",
            *("order", "reserveInventory", {"error.type": "out-of-stock"}),
            lambda order: order.kind == "sold out",
        ),
        Question(
            "Which gold customers' cards were declined?",
            *("order", "processPayment", declined | gold),
            lambda order: order.kind == "declined" and order.tier == "gold",
        ),
        Question(
            "Which orders of gold customers came as far as `payment`?",
            *("payment", "POST /payments", gold),
            lambda order: order.kind != "sold out" and order.tier == "gold",
        ),
        Question(
            "Which did a machine make?",
            *("order", "processOrder", {"user_agent.synthetic.type": "test"}),
            lambda order: order.synthetic,
        ),
    ]


@cache
def measured(full: bool) -> Result:
    count = 300 if full else 24
    return {
        name: _measure(changes, count) for name, changes in (("right", ()), ("in the name", (IN_THE_NAME,)))
    }


def _measure(changes: tuple[Change, ...], count: int) -> dict[str, Any]:
    with _rig(changes) as (shop, jaeger, collector):
        orders = [_place(shop, number) for number in range(count)]
        search, asked = Search(jaeger.url), questions(orders[0])
        eventually(lambda: _counted(collector, count), seconds=30)
        settled(lambda: [len(_found(search, question)) for question in asked])
        return {
            "orders": count,
            "operations": len(_operations(jaeger.url)),
            "series": len(series(collector.page())),
            "answers": [_answer(search, question, orders) for question in asked],
            "by_name": len(search.trace_ids("order", "processOrder")),
            "names": sorted(_operations(jaeger.url))[-SHOWN:],
            "declined": bars(jaeger.api.trace(orders[2].trace_id), _note),
        }


@contextmanager
def _rig(changes: tuple[Change, ...]) -> Iterator[tuple[ShopProcesses, JaegerProcess, Watched]]:
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spanshop-practice-")))
        jaeger = stack.enter_context(JaegerProcess(directory, "memory"))
        collector = Watched(directory / "collector", jaeger.otlp, OFTEN)
        stack.callback(collector.stop)
        collector.start()
        services, sends = changed(directory, *changes), {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        yield stack.enter_context(ShopProcesses(directory, services=services, **sends)), jaeger, collector


def _place(shop: ShopProcesses, number: int) -> Order:
    kind, customer = [*KINDS][number % 3], CUSTOMERS[number // 3 % len(CUSTOMERS)]
    synthetic = number % 5 == 0
    answer: httpx.Response = shop.order.post(
        "/orders",
        json=new_order(customer_id=customer, **KINDS[kind]),
        headers={"baggage": "shop.synthetic=true"} if synthetic else {},
    )
    order_id = answer.json().get("id", "")  # of a good one
    return Order(kind, tier_of(customer), synthetic, trace_id_of(answer), order_id)


def _counted(collector: Watched, count: int) -> None:
    assert collector.calls(span_name="POST /orders") == count


def _operations(jaeger: str) -> set[str]:
    """What Jaeger's list of operations has to offer for `order`."""
    query = {"service": "order"}
    answer = httpx.get(f"{jaeger}/api/v3/operations", params=query, timeout=10, trust_env=False)
    return {each["name"] for each in answer.json()["operations"]}


def _note(span: Span) -> str:
    """What stands on it and answers something."""
    shown = {name: span.attributes[name] for name in NOTED if name in span.attributes}
    return "  ".join(f"{name}={str(value)[:20]}" for name, value in shown.items())


def _found(search: Search, question: Question) -> set[str]:
    attributes = {name.replace(".", "__"): value for name, value in question.attributes.items()}
    return set(search.trace_ids(question.service, question.operation, **attributes))


def _answer(search: Search, question: Question, orders: list[Order]) -> dict[str, Any]:
    true_of = {order.trace_id for order in orders if question.true_of(order)}
    found = _found(search, question)
    shown = {name: "…" if name == "shop.order.id" else value for name, value in question.attributes.items()}
    return {
        "asks": question.asks,
        "looks": f"`{question.service}`, `{question.operation}`",
        "for": [f"`{name}={value}`" for name, value in shown.items()],
        "true of": len(true_of),
        "found": len(found),
        "wrong": len(found ^ true_of),
    }


def check_right(result: Result) -> None:
    for answer in result["answers"]:
        assert answer["wrong"] == 0, answer
        assert 0 < answer["found"] < result["orders"], answer
    assert result["answers"][0]["found"] == 1
    assert result["by_name"] == result["orders"]
    assert sum(red for *_, red, _ in result["declined"]) >= 2, "the refusal shows where it was met"


def text_right(result: Result) -> str:
    rows = [
        (each["asks"], each["looks"], ", ".join(each["for"]), each["true of"], each["found"])
        for each in result["answers"]
    ]
    head = ("question", "service, operation", "attributes", "true of", "found")
    return f"{result['orders']} orders; *true of* is what the client knows:\n\n{table(head, *rows)}"


def check_wrong(result: Result) -> None:
    right, wrong = result["right"], result["in the name"]
    assert wrong["operations"] - right["operations"] == right["orders"] - 1
    assert wrong["series"] > right["series"] + 10 * right["orders"]
    assert wrong["by_name"] == 0


def text_wrong(result: Result) -> str:
    rows = [
        ("operations of `order` in Jaeger's list", *_each(result, "operations")),
        ("series on the Collector's page", *_each(result, "series")),
        ("orders found by the operation `processOrder`", *_each(result, "by_name")),
    ]
    head = (f"after {result['right']['orders']} orders", "name without id", "id in the name")
    return f"{diff(IN_THE_NAME)}\n\n{table(head, *rows)}"


def draw_names(result: Result) -> str:
    """The end of Jaeger's list of operations, both ways."""
    shapes = []
    for x, title, way in ((20, "the name says what", "right"), (440, "an id in the name", "in the name")):
        names, colour = result[way]["names"], GREEN if way == "right" else RED
        shapes.append(text(x, 24, f"{title}: {result[way]['operations']} operations", INK, bold=True))
        shapes += [
            text(x, 48 + 18 * n, name, colour if "processOrder" in name else GREY)
            for n, name in enumerate(names)
        ]
    return picture(880, 60 + 18 * SHOWN, shapes)


def _each(result: Result, what: str) -> list[str]:
    return [f"{result[name][what]:,}" for name in ("right", "in the name")]


EXPERIMENTS = [
    Experiment(
        "attributes-wrong",
        "attributes",
        lambda full: {
            name: {key: value for key, value in found.items() if key not in ("answers", "declined")}
            for name, found in measured(full).items()
        },
        check_wrong,
        text_wrong,
        lambda result: {"attributes-wrong.svg": draw_names(result)},
    ),
    Experiment(
        "attributes",
        "attributes",
        lambda full: measured(full)["right"],
        check_right,
        text_right,
        lambda result: {"attributes.svg": waterfall(result["declined"])},
    ),
]
