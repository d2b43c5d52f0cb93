"""Hostile HTTP requests as bytes, made from a seed: bodies, headers, paths, methods, framing.

Everything made up carries MARK, so that what leaks can be found; ids and customers carry the run.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Literal
from uuid import UUID

MARK = "zzfuzz"
SKUS = ("lamp", "mug", "notebook", "pen", "backpack", "bottle")
JSON = b"application/json"

Headers = list[tuple[bytes, bytes]]
# whole: the server can answer. more: it can, and then there are bytes left over. cut: it must wait for
# bytes that never come.
Ending = Literal["whole", "more", "cut"]


@dataclass(frozen=True)
class Attack:
    """One request as it goes over the wire. `refuse`: an answer below 400 would be wrong."""

    kind: str
    service: str
    method: str
    raw: bytes
    ending: Ending = "whole"
    refuse: bool = True


@dataclass(frozen=True)
class Endpoint:
    """An endpoint that takes a body."""

    service: str
    method: str
    path: str
    body: dict[str, Any]


def http(method: str, path: bytes | str, headers: Headers, body: bytes | None = None) -> bytes:
    """Write a request down; Content-Length is right unless the headers bring one, or a Transfer-Encoding."""
    target = path.encode() if isinstance(path, str) else path
    names = {name for name, _ in headers}
    lines = headers if b"host" in names else [(b"host", b"shop.test"), *headers]
    if body is not None and not names & {b"content-length", b"transfer-encoding"}:
        lines = [*lines, (b"content-length", str(len(body)).encode())]
    head = b"".join(name + b": " + value + b"\r\n" for name, value in lines)
    return method.encode() + b" " + target + b" HTTP/1.1\r\n" + head + b"\r\n" + (body or b"")


def customer_of(run: str) -> str:
    """Who places the orders of a run, the right ones and the wrong ones."""
    return f"fuzz-{run}"


class Corpus:
    """An endless, repeatable stream of attacks."""

    def __init__(self, seed: int, run: str) -> None:
        """`run`: eight hexadecimal digits of this run alone; MongoDB may hold what another one wrote."""
        self.random = Random(seed)
        self.customer = customer_of(run)
        self.never = run  # how every order id begins that only ever comes with something wrong
        self._kinds: dict[Callable[[], Attack], int] = {
            self.bad_text: 24,
            self.bad_value: 24,
            self.bad_media_type: 6,
            self.big_body: 2,
            self.bad_header: 14,
            self.bad_key: 7,
            self.bad_path: 10,
            self.bad_query: 5,
            self.odd_method: 4,
            self.bad_chunks: 2,
            self.bad_length: 2,
            self.not_http: 2,
        }

    def attacks(self, count: int) -> Iterator[Attack]:
        kinds, weights = list(self._kinds), list(self._kinds.values())
        for kind in self.random.choices(kinds, weights, k=count):
            yield kind()

    # What is right

    def id(self, prefix: str = "") -> str:
        digits = f"{self.random.getrandbits(128):032x}"
        return str(UUID(prefix + digits[len(prefix) :]))

    def endpoint(self, prefix: str = "") -> Endpoint:
        """One of the endpoints with a body, and a body it would take."""
        line = {"sku": self.random.choice(SKUS), "quantity": 1}
        order = {"customer_id": self.customer, "lines": [line], "payment_method": "pm_card_ok"}
        charge = {"order_id": self.id(prefix), "amount_minor": 100, "currency": "EUR"}
        return self.random.choice(
            [
                Endpoint("order", "POST", "/orders", order),
                Endpoint("inventory", "PUT", f"/reservations/{self.id(prefix)}", {"lines": [line]}),
                Endpoint("inventory", "POST", f"/stock/{line['sku']}/receipts", {"quantity": 1}),
                Endpoint("payment", "POST", "/payments", charge | {"payment_method": "pm_card_ok"}),
            ]
        )

    def readable(self) -> tuple[str, str]:
        """A service and a path of it that may be read."""
        return self.random.choice(
            [
                ("order", "/orders?limit=1"),
                ("order", f"/orders/{self.id()}"),
                ("inventory", "/stock/lamp"),
                ("payment", f"/payments/{self.id()}"),
            ]
        )

    # Bodies

    def _with_body(self, kind: str, at: Endpoint, body: bytes, media_type: bytes = JSON) -> Attack:
        raw = http(at.method, at.path, [(b"content-type", media_type)], body)
        return Attack(kind, at.service, at.method, raw)

    def bad_text(self) -> Attack:
        """Not JSON, or JSON that only a lax parser takes."""
        at = self.endpoint(self.never)
        good = json.dumps(at.body).encode()
        return self._with_body("text", at, self.random.choice(BROKEN_TEXTS)(good, self.random))

    def bad_value(self) -> Attack:
        """Good JSON with something wrong in one place of it."""
        at = self.endpoint(self.never)
        body = json.loads(json.dumps(at.body))
        holder = body if self.random.random() < 0.6 or "lines" not in body else body["lines"][0]
        member, value = self.random.choice(list(holder)), self.random.choice(VALUES)
        match self.random.randrange(4):
            case 0:
                body = self.random.choice([value, [body], {"$set": body}, {MARK: body}])
            case 1:
                holder[self.random.choice(NAMES)] = value  # a member nobody asked for
            case _:
                holder[member] = value
        return self._with_body("value", at, json.dumps(body).encode())

    def bad_media_type(self) -> Attack:
        at = self.endpoint(self.never)
        body = json.dumps(at.body)
        media_type, text = self.random.choice(
            [(each, body.encode()) for each in MEDIA_TYPES]
            + [
                (b"application/json; charset=utf-16", body.encode("utf-16")),
                (b"application/json; charset=utf-7", body.encode().replace(b"{", b"+AHs-")),
                (b"application/json", body.encode("utf-32-le")),
                (b"application/json", b"\xef\xbb\xbf" + body.encode()),
            ]
        )
        return self._with_body("media type", at, text, media_type)

    def big_body(self) -> Attack:
        """Far over the limit, just over it, and deep."""
        at = self.endpoint(self.never)
        good = json.dumps(at.body).encode()
        body = self.random.choice(
            [
                b'{"' + MARK.encode() + b'": "' + b"x" * 1_000_000 + b'"}',
                good + b" " * 70_000,
                b"[" * 100_000,
                b"[" * 100_000 + b"]" * 100_000,
                b'{"a":' * 100_000,
                b"\xff" * 200_000,
            ]
        )
        return self._with_body("big", at, body)

    # Headers

    def bad_header(self) -> Attack:
        """Trace context and others of the worst kind on a request that is right."""
        lines = self.random.choice(HEADERS)(self.random)
        ending: Ending = "more" if any(name == b"upgrade" for name, _ in lines) else "whole"
        if self.random.random() < 0.6:
            service, path = self.readable()
            return Attack("header", service, "GET", http("GET", path, lines), ending, refuse=False)
        at = self.endpoint()
        body = json.dumps(at.body).encode()
        raw = http(at.method, at.path, [(b"content-type", JSON), *lines], body)
        return Attack("header", at.service, at.method, raw, ending, refuse=False)

    def bad_key(self) -> Attack:
        """An Idempotency-Key that can't be one."""
        key = self.random.choice(KEYS)
        at = self.endpoint(self.never)
        while at.method != "POST" or at.service == "payment":
            at = self.endpoint(self.never)
        lines = [(b"content-type", JSON), (b"idempotency-key", key)]
        body = json.dumps(at.body).encode()
        return Attack("key", at.service, at.method, http(at.method, at.path, lines, body))

    # Paths and methods

    def bad_path(self) -> Attack:
        part = self.random.choice(PATH_PARTS)
        before = self.random.choice([b"/orders/", b"/reservations/", b"/stock/", b"/payments/", b"/", b"//"])
        after = self.random.choice([b"", b"", b"/", b"/receipts", b"//" + MARK.encode()])
        method = self.random.choice(["GET", "GET", "DELETE", "PUT", "POST"])
        service = self.random.choice(["order", "inventory", "payment"])
        return Attack("path", service, method, http(method, before + part + after, [], b""))

    def bad_query(self) -> Attack:
        name = self.random.choice([b"status", b"older_than", b"limit", b"after"])
        value = self.random.choice([*PATH_PARTS, *QUERY_VALUES])
        query = name + b"=" + value
        return Attack("query", "order", "GET", http("GET", b"/orders?" + query, []))

    def odd_method(self) -> Attack:
        method = self.random.choice(METHODS)
        service, path = self.readable()
        raw = http(method, path, [], b"")
        return Attack(
            "method", service, method, raw, "more", refuse=method != "HEAD" or service != "inventory"
        )

    # Framing

    def bad_chunks(self) -> Attack:
        at = self.endpoint(self.never)
        lines = [(b"content-type", JSON), (b"transfer-encoding", b"chunked")]
        body, ending = self.random.choice(CHUNKS)
        raw = http(at.method, at.path, lines, body)
        return Attack("chunks", at.service, at.method, raw, ending)

    def bad_length(self) -> Attack:
        """A Content-Length that is no number, not true, or there twice."""
        at = self.endpoint(self.never)
        at.body[MARK] = MARK
        body = json.dumps(at.body).encode()
        length, ending = self.random.choice(LENGTHS)
        lines = [(b"content-type", JSON)] + [(b"content-length", each) for each in length]
        return Attack("length", at.service, at.method, http(at.method, at.path, lines, body), ending)

    def not_http(self) -> Attack:
        service = self.random.choice(["order", "inventory", "payment"])
        return Attack("not http", service, "", self.random.choice(GARBAGE)(self.random), "more")


def _deep(good: bytes, random: Random) -> bytes:
    depth = random.choice([100, 900, 1_100, 5_000, 10_000])
    return (
        b'{"lines":' * depth + b"1" + b"}" * depth if random.random() < 0.5 else b"[" * depth + b"]" * depth
    )


def _number(good: bytes, random: Random) -> bytes:
    return good.replace(b'": 1', b'": ' + random.choice(NUMBERS))  # each good body has a number like that


def _twice(good: bytes, random: Random) -> bytes:
    return good[:-1] + b", " + good[1:]


NUMBERS = (
    *b"NaN Infinity -Infinity 1e400 -1e400 01 0x1 1. .1 +1 1_0 --1".split(),
    *[b"9" * 400, b"9" * 5_000, b"-" + b"9" * 4_000, b"1e-400", b"1.0000000001", b"9223372036854775808"]
)  # fmt: skip
BROKEN_TEXTS: list[Callable[[bytes, Random], bytes]] = [
    lambda good, random: good[: random.randrange(len(good))],
    lambda good, random: good + random.choice([b"}", b",", b"\x00", b"{}", b"//" + MARK.encode()]),
    lambda good, random: good.replace(b'": ', b'": ' + random.choice([b"\xff", b"\x00", b"\x80abc"]), 1),
    lambda good, random: good.replace(b'"', b"'"),
    lambda good, random: good[:2] + random.choice([b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80"]) + good[2:],
    lambda good, random: good[:2] + random.choice([b"\n", b"\x00", b"\x1f", b"\x7f\x1b["]) + good[2:],
    lambda good, random: good[:1] + b'"\\ud800": 1, ' + good[1:],
    lambda good, random: good[:1] + b'"zzfuzz": "\\udfff\\ud800", ' + good[1:],
    lambda good, random: random.randbytes(random.randrange(1, 200)),
    lambda good, random: random.choice(
        [b"", b" ", b"null", b"true", b"0", b'""', b"[]", b"{}", b"\xef\xbb\xbf"]
    ),
    _number,
    _twice,
    _deep,
]
NAMES = ["$where", "$gt", "$set", "_id", "a.b", "", "__proto__", "\x00", "é" * 100, MARK, MARK * 500]
VALUES: list[Any] = [
    {"$gt": ""},
    {"$ne": None},
    {"$where": f"sleep(1000)||'{MARK}'"},
    {"$regex": ".*"},
    "$where",
    f"$where: {MARK}",
    f"{MARK}\x00",
    f"{MARK}\n",
    f"\ud800{MARK}",
    "\u202e" + MARK,
    MARK * 1_000,
    f"../../{MARK}",
    "",
    "1.0",  # Pydantic takes it for 1 unless it is told to be strict
    True,
    None,
    -1,
    0,
    1.5,
    100_000_001,
    2**63,
    2**64,
    10**400,
    1e308,
    [],
    {},
    [[]] * 50,
    [{"sku": "lamp", "quantity": 1}] * 2,
    [{"sku": f"{MARK}-{n}", "quantity": 1} for n in range(500)],
]
MEDIA_TYPES = [
    b"",
    b"text/plain",
    b"application/xml",
    b"application/x-www-form-urlencoded",
    b"multipart/form-data; boundary=zzfuzz",
    b"multipart/form-data",
    b"application/jsonp",
    b"application/json, text/plain",
    b"application/problem+json",
    b"\xff\xfe",
    b"a" * 8_000,
    b"charset=utf-8; application/json",
]
KEYS = [
    b"",
    b"k" * 256,
    b"zzfuzz" * 50,
    b"k" * 10_000,
    b"\xff\xfe",
    "schlüssel".encode(),
    "schlüssel".encode("latin-1"),
    b"a\x01b",
    b"a\x00b",
    b"a\x7fb",
    b"a\tb",
]


PARENT = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-"


def _header(name: bytes, *values: bytes) -> Callable[[Random], Headers]:
    # Nobody reads a tracestate that comes without a good traceparent.
    before = [(b"traceparent", PARENT + b"01")] if name == b"tracestate" else []
    return lambda random: [*before, *((name, value) for value in values)]


HEADERS: list[Callable[[Random], Headers]] = [
    *(
        _header(name, value)
        for name in (b"traceparent", b"tracestate", b"baggage", b"x-request-id", b"zzfuzz")
        for value in (b"zzfuzz" * 1_700, b"\xff\xfe\xfd", b"", b"=,;,==", b"k=%00%ff" * 500, b"\xe2\x80\xae")
    ),
    _header(b"traceparent", PARENT + b"01", PARENT + b"00"),
    _header(b"traceparent", PARENT + b"zz"),
    _header(b"traceparent", PARENT + b"01-zzfuzz"),
    _header(b"tracestate", *[b"zzfuzz=1"] * 100),
    _header(b"tracestate", b",".join(b"k%d=zzfuzz" % n for n in range(1_000))),
    _header(b"baggage", *[b"shop.seat=zzfuzz%0ax"] * 100),
    _header(b"baggage", b",".join(b"k%d=zzfuzz" % n for n in range(1_000))),
    _header(b"baggage", b"shop.customer.tier=zzfuzz,shop.seat=zzfuzz%E2%80%AE,shop.synthetic=true;p=zzfuzz"),
    lambda random: [(b"traceparent", PARENT + b"01"), (b"tracestate", random.randbytes(40).hex().encode())],
    lambda random: [
        (b"baggage", random.randbytes(300).hex().encode() + b"=" + random.randbytes(9).hex().encode())
    ],
    lambda random: [(b"h%d" % n, b"zzfuzz") for n in range(400)],
    _header(b"host", b"zzfuzz:99999"),
    _header(b"host", b"zzfuzz" * 1_000),
    _header(b"host", b"\xff:zzfuzz"),
    _header(b"host", b"a", b"zzfuzz"),
    _header(b"x-forwarded-for", b"zzfuzz"),
    _header(b"x-forwarded-proto", b"zzfuzz"),
    _header(b"forwarded", b'for="zzfuzz";host=\xff'),
    _header(b"accept", b"zzfuzz/zzfuzz"),
    _header(b"accept-encoding", b"zzfuzz" * 100),
    _header(b"content-encoding", b"gzip"),
    _header(b"cookie", b"zzfuzz=" + b"c" * 10_000),
    _header(b"range", b"bytes=0-0,-1"),
    _header(b"expect", b"100-continue"),
    _header(b"user-agent", b"zzfuzz" * 1_000),
    lambda random: [
        (b"connection", b"upgrade"),
        (b"upgrade", random.choice([b"h2c", b"websocket", b"zzfuzz"])),
    ],
]
PATH_PARTS = [
    b"%00zzfuzz",
    b"zzfuzz%ff%fe",
    b"%c0%afzzfuzz",
    b"%ed%a0%80zzfuzz",
    b"../zzfuzz",
    b"..%2f..%2fzzfuzz",
    b"zzfuzz" * 1_300,
    b"%f0%9f%92%a9zzfuzz",
    b"zzfuzz%0d%0aset-cookie:%20a=b",
    b"%24where%3Azzfuzz",
    b"%7B%22%24gt%22%3A%22zzfuzz%22%7D",
    b"[$ne]=zzfuzz",
    b"zzfuzz%",
    b"zzfuzz%zz",
    b"zzfuzz%25%30%30",
    b"ZZFUZZ",
    b"zzfuzz.",
    b"zzfuzz;a=b",
    b"zzfuzz\x7f",
    b"fafafafa-0000-0000-0000-zzfuzz",
    b"zzfuzz%E2%80%AE",
]
QUERY_VALUES = [b"1e400", b"9" * 5_000, b"-1", b"NaN", b"%00", b"1.5", b""]
METHODS = [
    "HEAD",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PATCH",
    "PROPFIND",
    "MKCOL",
    "LOCK",
    "UNLOCK",
    "SEARCH",
    "PURGE",
    "MSEARCH",
    "NOTIFY",
    "LINK",
    "BIND",
    "QUERY",
    "BREW",
    "ZZFUZZ",
    "get",
    "PRI",
    "SOURCE",
    "DESCRIBE",
    "SETUP",
    "PLAY",
]
CHUNKS: list[tuple[bytes, Ending]] = [
    (b"0\r\n\r\n", "whole"),
    (b"2\r\n{}\r\n0\r\n\r\n", "whole"),
    (b"1\r\n{\r\n" * 500 + b"0\r\n\r\n", "whole"),
    (b"2;zzfuzz=" + b"x" * 5_000 + b"\r\n{}\r\n0\r\n\r\n", "whole"),
    (b"2\r\n{}\r\n0\r\nzzfuzz: trailer\r\n\r\n", "whole"),
    (b"11170\r\n" + b"x" * 70_000 + b"\r\n0\r\n\r\n", "whole"),
    (b"zz\r\n{}\r\n0\r\n\r\n", "more"),
    (b"-1\r\n{}\r\n0\r\n\r\n", "more"),
    (b"ffffffffffffffffff\r\n{}\r\n0\r\n\r\n", "more"),
    (b"2\r\n{}zzfuzz\r\n0\r\n\r\n", "more"),
    (b"2\n{}\n0\n\n", "more"),
    (b"ff\r\n{}", "cut"),
    (b"2\r\n{}\r\n", "cut"),
    (b"", "cut"),
]
LENGTHS: list[tuple[list[bytes], Ending]] = [
    ([b"-1"], "more"),
    ([b"zzfuzz"], "more"),
    ([b"1e3"], "more"),
    ([b""], "more"),
    ([b"99999999999999999999"], "more"),
    ([b"2", b"3"], "more"),
    ([b"0"], "more"),
    ([b"1"], "more"),
    ([b"7"], "more"),
    ([b"100000"], "cut"),
    ([b"9223372036854775807"], "cut"),
]
GARBAGE: list[Callable[[Random], bytes]] = [
    lambda random: b"\x00" + random.randbytes(100) + b"\r\n\r\n",
    lambda random: b"GET /orders\x00zzfuzz HTTP/1.1\r\n\r\n",
    lambda random: b"GET /\xff\xfezzfuzz HTTP/1.1\r\n\r\n",
    lambda random: b"GET /orders zzfuzz HTTP/1.1\r\n\r\n",
    lambda random: b"GET zzfuzz HTTP/1.1\r\nhost: a\r\n\r\n",
    lambda random: b"OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n",
    lambda random: b"GET / HTTP/9.9\r\n\r\n",
    lambda random: b"GET / HTTP/1.1\r\nzz fuzz: 1\r\n\r\n",
    lambda random: b"GET / HTTP/1.1\r\n: zzfuzz\r\n\r\n",
    lambda random: b"POST /orders HTTP/1.1\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}",
    lambda random: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    lambda random: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03zzfuzz\r\n\r\n",  # TLS to a plain port
    lambda random: b"GET http://zzfuzz/orders/zzfuzz HTTP/1.1\r\nhost: b\r\n\r\n",
]
