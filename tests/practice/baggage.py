"""Baggage in three ways on the same orders: everything to everybody, set and thrown away, the shop's way."""

import re
import tempfile
from collections import Counter
from functools import cache, partial
from pathlib import Path
from typing import Any

from tests.canary.sinks import Keeper
from tests.contract import CONTRACT
from tests.hostile_baggage import HOSTILE, MARK
from tests.shop_processes import ShopProcesses
from tests.support import MongoServer, eventually, new_order, trace_id_of
from tests.third_party import ThirdParty

from . import baggage_page as page
from .experiment import Experiment, Result
from .variant import Change, changed

# Every way calls a third party, as the shop does not: somebody who insures the goods.
INSURER = (
    Change("order/main.py", "from collections.abc import", "import os\nfrom collections.abc import"),
    Change(
        "order/main.py",
        "            order = await process_order(order,",
        '            async with http.client(os.environ["THIRD_PARTY_URL"], settings) as insurer:\n'
        '                await insurer.get("/quote")\n'
        "            order = await process_order(order,",
    ),
)
EVERYTHING = (
    Change(
        "chassis/app.py",
        'headers = keep_allowed(scope["headers"], edge=self.edge)',
        'headers = scope["headers"]',
    ),
    Change(
        "chassis/baggage.py",
        "            if key in INSIDE:\n"
        "                _, attribute, fixed = INSIDE[key]\n"
        "                span.set_attribute(attribute, fixed or str(value))\n",
        "            span.set_attribute(key, str(value))\n",
    ),
    Change(
        "chassis/telemetry.py",
        "    propagate.set_global_textmap(OursOnly(propagate.get_global_textmap()))\n",
        "",
    ),
)
FASTAPI = "from fastapi import FastAPI, Header, Query, Request, Response\n"
THROWN_AWAY = (
    Change("order/main.py", FASTAPI, f"from opentelemetry import baggage\n{FASTAPI}"),
    Change(
        "order/main.py",
        '        with telemetry.carry("shop.customer.tier", tier_of(order.customer_id)):\n',
        '        baggage.set_baggage("shop.customer.tier", tier_of(order.customer_id))\n        if True:\n',
    ),
)
WAYS: dict[str, tuple[Change, ...]] = {"everything": EVERYTHING, "thrown away": THROWN_AWAY, "right": ()}
USUAL = "shop.seat=seat-7,shop.synthetic=true"
PERSONAL = "user.email=bob@example.com,session.token=9f8e7d6c5b4a,shop.customer.tier=gold"
SENT = f"{USUAL},{PERSONAL}"
SIZES = (0, 1_000, 4_000, 8_000)
LISTED = {attribute["name"] for attribute in CONTRACT["attributes"]}
SPANS = len(CONTRACT["trees"]["confirmed"].splitlines()) + 1  # and the call of the insurer
SILVER = new_order(customer_id="customer-3")


class Way:
    """One way of running the shop, and what is seen of it."""

    def __init__(self, shop: ShopProcesses, sink: Keeper, third_party: ThirdParty) -> None:
        self._shop, self._sink, self._third_party = shop, sink, third_party

    def orders(self, count: int, *baggage: bytes) -> dict[str, Any]:
        """Place the same order so often with this baggage; say who was told what, what is on the spans."""
        heads = {name: set(found) for name, found in self._shop.heads().items()}
        self._third_party.seen.clear()
        sent = [(b"baggage", value) for value in baggage]
        answers = [self._shop.order.post("/orders", json=SILVER, headers=sent) for _ in range(count)]
        traces = eventually(lambda: self._whole({trace_id_of(answer) for answer in answers}), seconds=30)
        told = {name: _baggage(set(found) - heads[name]) for name, found in self._shop.heads().items()}
        told["the third party"] = [seen["baggage"] for seen in self._third_party.seen if "baggage" in seen]
        lines = [f"baggage: {value}\r\n" for values in told.values() for value in values]
        return {
            "sent": _short(b", ".join(baggage).decode("latin-1")),
            "statuses": dict(Counter(str(answer.status_code) for answer in answers)),
            "told": {name: sorted(set(values)) for name, values in told.items()},
            "header bytes per order": sum(map(len, lines)) // count,
            "span bytes per order": sum(span.ByteSize() for spans in traces for _, span in spans) // count,
            **_on_spans(traces),
        }

    def _whole(self, ids: set[str]) -> list[list[tuple[str, Any]]]:
        found = self._sink.by_trace()
        assert all(len(found.get(trace_id, [])) == SPANS for trace_id in ids)
        return [found[trace_id] for trace_id in ids]


def _baggage(heads: set[str]) -> list[str]:
    return [line for head in heads for line in re.findall(r"^baggage: (.*?)\r?$", head, re.M)]


def _on_spans(traces: list[list[tuple[str, Any]]]) -> dict[str, Any]:
    """Which attributes nobody listed are on how many spans of an order, and which tier payment saw."""
    spans = [
        (service, {p.key: p.value.string_value for p in span.attributes})
        for t in traces
        for service, span in t
    ]
    unlisted = Counter(name for _, attributes in spans for name in attributes if name not in LISTED)
    tiers = {str(a.get("shop.customer.tier", "none")) for service, a in spans if service == "payment"}
    marked = sum(MARK in str(attributes).lower() for _, attributes in spans)
    return {
        "spans": SPANS,
        "unlisted": {name: count // len(traces) for name, count in sorted(unlisted.items())},
        "tier in payment": sorted(tiers),
        "marked spans": marked,
    }


@cache
def measure(full: bool) -> Result:
    """Run all three ways; the experiments below each keep a part of it."""
    result: Result = {}
    with tempfile.TemporaryDirectory(prefix="spanshop-baggage-") as directory:
        mongo = MongoServer(Path(directory) / "mongodb")
        try:
            mongo.start()
            for number, name in enumerate(WAYS):
                place = Path(directory) / str(number)
                place.mkdir()
                result[name] = _run_way(name, place, mongo, 50 if full else 2)
        finally:
            mongo.stop()
    return result


def _run_way(name: str, directory: Path, mongo: MongoServer, count: int) -> dict[str, Any]:
    with Keeper() as sink, ThirdParty() as third_party:
        environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": sink.url,
            "OTEL_METRICS_EXPORTER": "none",
            "THIRD_PARTY_URL": third_party.url,
        }
        services = changed(directory, *INSURER, *WAYS[name])
        with ShopProcesses(directory, services=services, mongo=mongo, **environment) as shop:
            way = Way(shop, sink, third_party)
            found: dict[str, Any] = {"personal": way.orders(count, SENT.encode())}
            if name != "thrown away":
                found["sizes"] = {str(size): _bytes(way.orders(count, _filled(size))) for size in SIZES}
            if name == "right":
                found["hostile"] = {each: way.orders(1, *values) for each, values in HOSTILE.items()}
            return found


def _filled(size: int) -> bytes:
    """The usual entries and so many bytes besides: a thousand an entry, since W3C's longest has 4,096."""
    notes = [f",note{n}=".ljust(1000, "x") for n in range(size // 1000)]
    return (USUAL + "".join(notes)).encode()


def _bytes(seen: dict[str, Any]) -> dict[str, int]:
    return {name: value for name, value in seen.items() if "bytes" in name}


def _short(sent: str) -> str:
    """As a page shows it."""
    printable = sent.encode("latin-1").decode("ascii", "backslashreplace").replace("|", "")
    return printable if len(printable) <= 60 else f"{printable[:48]}…"


def check_wrong(result: Result) -> None:
    everything, thrown = result["everything"], result["thrown away"]
    assert set(everything["statuses"]) == set(thrown["statuses"]) == {"201"}
    (told,) = everything["told"]["the third party"]
    assert "bob%40example.com" in told
    assert "9f8e7d6c5b4a" in told
    assert everything["unlisted"]["user.email"] == everything["spans"]
    assert thrown["told"]["payment"] == [USUAL]
    assert thrown["tier in payment"] == ["none"]


def check_right(result: Result) -> None:
    way = result["personal"]
    assert way["tier in payment"] == ["silver"]  # of the records, whatever the client claims
    assert (way["told"]["the third party"], way["unlisted"]) == ([], {})
    (told,) = way["told"]["payment"]
    assert sorted(told.split(",")) == ["shop.customer.tier=silver", *USUAL.split(",")]
    assert len(told) <= 256
    for name, seen in result["hostile"].items():
        assert set(seen["statuses"]) == {"201"}, name
        assert (seen["unlisted"], seen["marked spans"], seen["told"]["the third party"]) == ({}, 0, []), name
        assert seen["told"]["payment"] == seen["told"]["inventory"] == ["shop.customer.tier=silver"], name


def check_price(result: Result) -> None:
    """What a client sends is multiplied by calls and by spans, or costs nothing."""
    everything, right = result["everything"], result["right"]
    for size in SIZES[1:]:
        more = everything[str(size)]["header bytes per order"] - everything["0"]["header bytes per order"]
        assert 3 * size <= more <= 3 * size + 60, more  # two services and the third party
        grown = everything[str(size)]["span bytes per order"] - everything["0"]["span bytes per order"]
        assert grown >= SPANS * size, grown
        assert right[str(size)]["header bytes per order"] == right["0"]["header bytes per order"]
        assert abs(right[str(size)]["span bytes per order"] - right["0"]["span bytes per order"]) < 100


EXPERIMENTS = [
    Experiment(
        "baggage-wrong",
        "baggage",
        lambda full: {name: measure(full)[name]["personal"] for name in ("everything", "thrown away")},
        check_wrong,
        partial(page.wrong, EVERYTHING, THROWN_AWAY),
        lambda result: {"baggage-wrong.svg": page.draw(result["everything"], SENT)},
    ),
    Experiment(
        "baggage-right",
        "baggage",
        lambda full: {part: measure(full)["right"][part] for part in ("personal", "hostile")},
        check_right,
        page.right,
        lambda result: {"baggage-right.svg": page.draw(result["personal"], SENT)},
    ),
    Experiment(
        "baggage-price",
        "baggage",
        lambda full: {name: measure(full)[name]["sizes"] for name in ("everything", "right")},
        check_price,
        page.price,
    ),
]
