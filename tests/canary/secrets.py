"""Made-up secrets of the kinds that must never be seen, and the finding of them again in any spelling.

All secrets of one run have a word or a number in common, so that a few needles find all of them.
"""

import base64
import random
import re
import string
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

TOKENS = ("bearer", "api key", "json web token")
KINDS = ("e-mail", "card", *TOKENS)
SEPARATED = re.compile(r"(?<=\d)[ -](?=\d)")  # 4111 1111 1111 1111


@dataclass(frozen=True)
class Hit:
    """A secret that was found: where, in which spelling, and what stood around it."""

    where: str
    spelling: str
    text: str

    def __str__(self) -> str:
        return f"{self.where} ({self.spelling}): {self.text}"


class Mint:
    """Makes the secrets of one run. Each is another one, and shows `place` where it is found."""

    def __init__(self, chance: random.Random) -> None:
        self.word = "zq" + "".join(chance.choices(string.ascii_lowercase + string.digits, k=10))
        self.number = "4" + "".join(chance.choices(string.digits, k=9))
        self._made = 0

    def secret(self, kind: str) -> str:
        """Return a fresh secret of that kind."""
        self._made += 1
        tail = f"{self.word}{self._made:05d}"
        match kind:
            case "e-mail":
                return f"{tail}@canary.example"
            case "card":
                return _with_check_digit(f"{self.number}{self._made:05d}")
            case "bearer":
                return f"Bearer {tail}abcdef"
            case "api key":
                return f"sk_live_{tail}"
            case "json web token":
                return f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.{tail}"
        raise ValueError(kind)

    def find(self, texts: Iterable[tuple[str, str]]) -> list[Hit]:
        """Return every secret of this run in the texts, each of which comes with where it stands."""
        needles = list(self._needles())
        return [hit for where, text in texts for hit in _search(where, text, needles)]

    def _needles(self) -> Iterator[tuple[str, str, Callable[[str], str]]]:
        """Spelling, needle, and what is done to a text before it is looked for."""
        for core in (self.word, self.number):
            everything = "".join(f"%{byte:02x}" for byte in core.encode())
            yield "plain", core, str.lower
            yield "percent-encoded", everything, str.lower
            yield "percent-encoded twice", quote(everything), str.lower
            yield "hex", core.encode().hex(), str.lower
            for needle in _base64(core):
                yield "base64", needle, str
        yield "in groups", self.number, lambda text: SEPARATED.sub("", text)


def _search(where: str, text: str, needles: list[tuple[str, str, Callable[[str], str]]]) -> Iterator[Hit]:
    for spelling, needle, prepared in needles:
        if (at := prepared(text).find(needle)) >= 0:
            yield Hit(where, spelling, repr(text[max(0, at - 30) : at + 40]))
            return


def _base64(core: str) -> set[str]:
    """What of the core's base64 does not depend on what stands before and after it."""
    raw, found = core.encode(), set()
    for before in range(3):
        first = -(-before * 8 // 6)
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(b"\0" * before + raw).decode().rstrip("=")
            whole = (before + len(raw)) * 8 // 6
            found.add(encoded[first:whole])
    return found


def _with_check_digit(digits: str) -> str:
    """Luhn's check digit makes it a card number for whoever checks that."""
    doubled = [int(digit) * (2 - n % 2) for n, digit in enumerate(digits)]
    return digits + str(-sum(d - 9 * (d > 9) for d in doubled) % 10)
