"""The search itself: a secret is found in every spelling, and where there is none nothing is found."""

import base64
import random
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from tests.canary.leaks import leaking_metric, leaking_span
from tests.canary.otlp import resources, texts
from tests.canary.secrets import KINDS, Mint


def every_byte(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def grouped(text: str) -> str:
    return "-".join(text[n : n + 4] for n in range(0, len(text), 4)) if text.isdigit() else text


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "in capitals": str.upper,
    "percent-encoded": quote,
    "as in a form": quote_plus,
    "percent-encoded, every byte": every_byte,
    "percent-encoded twice": lambda text: quote(quote(text)),
    "percent-encoded twice, every byte": lambda text: quote(every_byte(text)),
    "hex": lambda text: text.encode().hex(),
    "hex in capitals": lambda text: text.encode().hex().upper(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 behind one byte": lambda text: base64.b64encode(b"?" + text.encode()).decode(),
    "base64 behind two bytes": lambda text: base64.b64encode(b"??" + text.encode() + b"??").decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(b">>>" + text.encode()).decode(),
    "in groups": grouped,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_secret_is_found_in_every_spelling(kind: str, spelling: str) -> None:
    for seed in range(20):
        mint = Mint(random.Random(seed))
        text = f"before {SPELLINGS[spelling](mint.secret(kind))} after"
        assert [hit.where for hit in mint.find([("here", text)])] == ["here"], text


def test_text_without_a_secret_is_left_alone() -> None:
    mint, other = Mint(random.Random(1)), Mint(random.Random(2))
    texts = [("there", other.secret(kind)) for kind in KINDS]
    assert mint.find([*texts, ("id", "4bf92f3577b34da6a3ce929d0e0e4736"), ("card", "4111111111111111")]) == []


def test_card_number_has_the_right_check_digit() -> None:
    card = Mint(random.Random(3)).secret("card")
    digits = [int(digit) * (2 - n % 2) for n, digit in enumerate(card)]
    assert len(card) == 16
    assert sum(digit - 9 * (digit > 9) for digit in digits) % 10 == 0


def test_walk_through_a_message_finds_every_place_that_can_hold_a_text() -> None:
    mint = Mint(random.Random(4))
    found = set()
    for request in (leaking_span(mint, "e-mail"), leaking_metric(mint, "e-mail", "metric")):
        for service, part in resources(request):
            found |= {hit.where for hit in mint.find(texts(part, service))}
    tails = sorted(where.rpartition("!.")[2] for where in found)  # the span's name itself holds a secret
    point = "leaky.scope_metrics[0].metrics[0] metric.histogram.data_points[0]"
    assert tails == [
        "attributes[exception.message].string_value",
        "attributes[exception.stacktrace].string_value",
        "attributes[leak].string_value",
        "leaky.resource.attributes[leak].string_value",
        f"{point}.attributes[leak].string_value",
        f"{point}.exemplars[0].filtered_attributes[leak].string_value",
        "links[0].attributes[leak].string_value",
        "name",
        "name",
        "status.message",
    ]
