"""What docs/practice/baggage.md says of the measurements, and the two pictures of who is told what."""

from typing import Any
from urllib.parse import unquote_plus

from tools.drawing import GREEN, GREY, RED, arrow, box, picture, text

from .experiment import Result
from .pages import table
from .variant import Change, diff

OURS = ("shop.seat", "shop.synthetic", "shop.customer.tier")
CLAIMED = "shop.customer.tier=gold"


def wrong(everything: tuple[Change, ...], thrown_away: tuple[Change, ...], result: Result) -> str:
    names = list(result)
    spans = [
        f"`{'`, `'.join(way['unlisted'])}` on {max(way['unlisted'].values())} of {way['spans']}"
        if way["unlisted"]
        else "none"
        for way in result.values()
    ]
    rows = table(
        ("", *names),
        ("a third party is told", *(_told(way, "the third party") for way in result.values())),
        ("payment is told", *(_told(way, "payment") for way in result.values())),
        ("attributes nobody listed, on spans of an order", *spans),
        ("tier on payment's spans", *(", ".join(way["tier in payment"]) for way in result.values())),
    )
    return (
        f"*everything*: no list, no rule who is called, every entry an attribute.\n\n{diff(*everything)}\n\n"
        "*thrown away*: `set_baggage` returns a new context and changes none.\n\n"
        f"{diff(*thrown_away)}\n\n{rows}"
    )


def right(result: Result) -> str:
    way = result["personal"]
    rows = [
        (
            f"{name}: {_shown(seen)}",
            ", ".join(seen["statuses"]),
            _told(seen, "payment"),
            _told(seen, "the third party"),
        )
        for name, seen in result["hostile"].items()
    ]
    return (
        f"The same client, the same order: payment is told {_told(way, 'payment')}, a third party "
        f"{_told(way, 'the third party')}, and payment's spans say {', '.join(way['tier in payment'])}, "
        "as order's records do. And who means no good:\n\n"
        + table(("the client sends", "answer", "payment is told", "a third party is told"), *rows)
    )


def price(result: Result) -> str:
    rows = [
        (
            f"{int(size):,}",
            *(
                f"{result[way][size][what]:,}"
                for what in ("header bytes per order", "span bytes per order")
                for way in ("everything", "right")
            ),
        )
        for size in result["right"]
    ]
    head = (
        "bytes nobody asked for",
        "headers: everything",
        "headers: right",
        "spans: everything",
        "spans: right",
    )
    return "Bytes per order, of `baggage` headers in its calls and of all its spans:\n\n" + table(head, *rows)


def _told(seen: dict[str, Any], who: str) -> str:
    return "; ".join(f"`{value}`" for value in seen["told"][who]) or "nothing"


def _shown(seen: dict[str, Any]) -> str:
    return f"`{seen['sent']}`"


def draw(result: Result, sent: str) -> str:
    """Who is told what, of what a client sent."""
    others = {"inventory": 30, "payment": 140, "the third party": 250}
    shapes = [
        box(20, 140, 90, 50, "client"),
        box(330, 140, 90, 50, "order"),
        arrow(110, 165, 328, 165),
        *_entries(120, 85, sent.split(",")),
    ]
    for name, y in others.items():
        told = [entry for value in result["told"][name] for entry in value.split(",")]
        shapes += [
            box(790, y, 150, 50, name, "#f7f1e8" if name == "the third party" else "#eef3f7"),
            arrow(420, 165, 788, y + 25),
            *_entries(520, y + (8 if told else 28), told),
        ]
        if not told:
            shapes.append(text(560, y + 24, "no baggage", GREY))
    tier = ", ".join(result["tier in payment"])
    shapes.append(text(865, 208, f"tier on spans: {tier}", GREY, "middle"))
    return picture(960, 320, shapes)


def _entries(x: float, y: float, entries: list[str]) -> list[str]:
    lines = []
    for n, entry in enumerate(entries):
        known = entry.split("=")[0] in OURS and entry != CLAIMED
        lines.append(text(x, y + 14 * n, unquote_plus(entry), GREEN if known else RED))
    return lines
