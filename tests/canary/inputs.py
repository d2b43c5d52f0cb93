"""A secret of every kind through every input there is: the OpenAPI documents say which, HTTP has the rest."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from tests.canary.secrets import KINDS, Mint
from tests.fuzz.corpus import JSON, PARENT, Attack, Headers, http
from tests.support import new_order

Secret = Callable[[], str]
CHARGE = {"order_id": str(uuid4()), "amount_minor": 5, "currency": "EUR", "payment_method": "pm_card_ok"}
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("order", "/orders"): new_order(),
    ("inventory", "/reservations/{order_id}"): {"lines": [{"sku": "lamp", "quantity": 1}]},
    ("inventory", "/stock/{sku}/receipts"): {"quantity": 1},
    ("payment", "/payments"): CHARGE,
}
HEADERS = (
    *("user-agent", "referer", "authorization", "proxy-authorization", "cookie", "from", "origin", "accept"),
    *("accept-language", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded", "via"),
    *("x-request-id", "x-api-key", "x-user-email", "if-none-match", "x-canary"),
    *("b3", "x-b3-traceid", "uberctx-user", "ot-baggage-user"),  # what other propagators would take
)


@dataclass(frozen=True)
class Endpoint:
    """One operation of a service, by its OpenAPI document; `body` is one it would take."""

    service: str
    method: str
    path: str
    names: dict[str, list[str]]  # of the parameters, by where they stand: path, query, header
    body: dict[str, Any] | None

    def request(
        self,
        place: str,
        *,
        path: dict[str, str] | None = None,
        query: str = "",
        headers: Headers | None = None,
        body: object = None,
    ) -> Attack:
        """The right request, but for what is given."""
        values = {"order_id": str(uuid4()), "sku": "lamp"} | (path or {})
        content = body if body is not None else self.body
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        if self.body is None:
            raw = b""
        lines = [(b"content-type", JSON), *(headers or [])]
        target = self.path.format_map(values) + (f"?{query}" if query else "")
        kind = f"{place} of {self.method} {self.path}"
        return Attack(kind, self.service, self.method, http(self.method, target, lines, raw))


def endpoints(documents: dict[str, dict[str, Any]]) -> Iterator[Endpoint]:
    """Every operation of these OpenAPI documents. KeyError: a new one takes a body that BODIES has not."""
    for service, document in documents.items():
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                names: dict[str, list[str]] = {"path": [], "query": [], "header": []}
                for parameter in operation.get("parameters", []):
                    names[parameter["in"]].append(parameter["name"])
                body = BODIES[service, path] if "requestBody" in operation else None
                yield Endpoint(service, method.upper(), path, names, body)


def attacks(mint: Mint, forwarded: Mint, documents: dict[str, dict[str, Any]]) -> Iterator[Attack]:
    """Every request. `forwarded` makes the secrets that go into tracestate, which W3C says to hand on."""
    for kind in KINDS:

        def secret(kind: str = kind) -> str:
            return mint.secret(kind)

        for at in endpoints(documents):
            yield from _paths(at, secret)
            yield from _queries(at, secret)
            yield from _headers(at, secret, forwarded.secret(kind))
            yield from _bodies(at, secret)
        for service in documents:
            yield from _elsewhere(service, secret)


def _paths(at: Endpoint, secret: Secret) -> Iterator[Attack]:
    for name in at.names["path"]:
        yield at.request(f"path's {name}", path={name: quote(secret(), safe="@")})
        yield at.request(f"path's {name}, encoded twice", path={name: quote(quote(secret()))})
        if at.method == "GET" and (text := secret()).isdigit():  # 32 digits are a UUID too
            yield at.request(f"path's {name}, as an id", path={name: text.zfill(32)})


def _queries(at: Endpoint, secret: Secret) -> Iterator[Attack]:
    for name in [*at.names["query"], "canary"]:
        yield at.request(f"query's {name}", query=f"{name}={quote(secret())}")
    yield at.request("query's name", query=quote(secret()))


def _headers(at: Endpoint, secret: Secret, forwarded: str) -> Iterator[Attack]:
    for name in at.names["header"]:
        yield at.request(f"header {name}", headers=[(name.encode(), secret().encode())])
    yield at.request("headers", headers=[(name.encode(), secret().encode()) for name in HEADERS])
    yield at.request("a header's name", headers=[(_token(secret()), b"1")])
    yield at.request("traceparent", headers=[(b"traceparent", secret().encode())])
    yield at.request("traceparent's end", headers=[(b"traceparent", PARENT + b"01-" + secret().encode())])
    state = [(b"traceparent", _fresh_parent()), (b"tracestate", b"canary=" + _state(forwarded))]
    yield at.request("tracestate", headers=state)
    for entry in ("user.email={}", "shop.seat={}", "shop.customer.tier={}", "shop.synthetic=true;p={}"):
        sent = entry.format(quote(secret())).encode()
        yield at.request("baggage", headers=[(b"traceparent", _fresh_parent()), (b"baggage", sent)])
    yield at.request("baggage's name", headers=[(b"baggage", _token(secret()) + b"=1")])


def _bodies(at: Endpoint, secret: Secret) -> Iterator[Attack]:
    if at.body is None:
        return
    for place, body in _variants(at.body, secret):
        yield at.request(f"body's {place}", body=body)
    yield at.request("body that is no JSON", body=f'{{"customer_id": {secret()}'.encode())
    yield at.request("body that is only text", body=json.dumps(secret()).encode())


def _variants(value: Any, secret: Secret, place: str = "$") -> Iterator[tuple[str, Any]]:
    """The value with a secret in one place after the other: instead of each leaf, and as further members."""
    if isinstance(value, dict):
        for name, member in value.items():
            for where, other in _variants(member, secret, f"{place}.{name}"):
                yield where, value | {name: other}
        yield f"{place}, a further member", value | {"canary": secret()}
        yield f"{place}, a further name", value | {secret(): 1}
    elif isinstance(value, list):
        for where, other in _variants(value[0], secret, f"{place}[0]"):
            yield where, [other]
        yield f"{place}, a further item", [*value, secret()]
    else:
        yield place, secret()
        if (text := secret()).isdigit():
            yield f"{place} as a number", int(text)


def _elsewhere(service: str, secret: Secret) -> Iterator[Attack]:
    """What belongs to no endpoint: unknown paths and methods, the host, the media type, the fragment."""

    def attack(place: str, method: str, target: str, lines: Headers | None = None) -> Attack:
        ending = "more" if method not in ("GET", "PATCH") else "whole"
        return Attack(place, service, method, http(method, target, lines or [], b""), ending)  # type: ignore[arg-type]

    yield attack("unknown path", "GET", f"/{quote(secret())}/{quote(secret(), safe='@')}?q={quote(secret())}")
    yield attack("path of another method", "PATCH", f"/stock/{quote(secret())}")
    yield attack("path at the root", "GET", f"//{quote(secret())}")
    yield attack("whole URL", "GET", f"http://{_token(secret()).decode()}.example/{quote(secret())}")
    yield attack("host", "GET", "/healthy", [(b"host", _token(secret()) + b":1")])
    yield attack("method", _token(secret()).decode(), "/orders")
    yield attack("media type", "GET", "/orders", [(b"content-type", secret().encode())])


def _token(text: str) -> bytes:
    """The text as a name of a header or a method may be: an address without its @."""
    return text.replace("@", ".").replace(" ", "-").encode()


def _state(text: str) -> bytes:
    return text.replace("=", "").encode()


def _fresh_parent() -> bytes:
    return f"00-{uuid4().hex}-00f067aa0ba902b7-01".encode()


def orders(mint: Mint, count: int, *, keyed: bool = True) -> Iterator[Attack]:
    """Orders that are right, with a secret wherever a right order may have one."""
    for n in range(count):
        kind = KINDS[n % len(KINDS)]
        body = new_order(customer_id=_customer(mint, kind))
        lines = [(name.encode(), mint.secret(kind).encode()) for name in HEADERS]
        lines += [(b"content-type", JSON)]
        lines += [(b"idempotency-key", mint.secret(kind).encode())] if keyed else []
        raw = http("POST", "/orders", lines, json.dumps(body).encode())
        yield Attack("order", "order", "POST", raw)


def _customer(mint: Mint, kind: str) -> str:
    """A customer's id may not be an address, but it may be a card's number, or a token's middle."""
    return mint.secret("card") if kind == "card" else mint.secret("e-mail").partition("@")[0]
