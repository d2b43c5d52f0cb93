"""The contract holds both ways: nothing in the traces that is not listed, nothing listed and never seen."""

import uuid

import pytest

from tests.contract import CONTRACT, FILE
from tests.support import DECLINED, ShopInProcess, SpanMemory, eventually, new_order
from tools.docs import telemetry_page
from tools.tracecheck import Span

METHODS = {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "HTTP"}
LISTED = {(span["name"], span["kind"], span["service"]) for span in CONTRACT["spans"]}
ATTRIBUTES = {attribute["name"]: attribute for attribute in CONTRACT["attributes"]}
TYPES = {"str": str, "int": int, "bool": bool}


@pytest.fixture(scope="module")
def driven(shop: ShopInProcess, spans: SpanMemory) -> list[Span]:
    """All spans of a drive through every endpoint and outcome, marked as synthetic and with a seat."""
    before = {span.span_id for span in spans.all()}
    marked = {"baggage": "shop.synthetic=true,shop.seat=seat-7"}
    for body in (new_order(), new_order("unicorn"), new_order("nope"), new_order("lamp", 1, DECLINED)):
        shop.place(body, **marked)
    key = str(uuid.uuid4())
    made, _ = (shop.place(idempotency_key=key, **marked).json()["id"] for _ in range(2))
    shop.to_payment.cut()
    called_off = shop.place(**marked).json()["id"]
    shop.payment.delete(f"/payments/{called_off}")
    shop.mend()
    spans.recovery(called_off, "rejected")
    unknown = str(uuid.uuid4())
    payment = {"amount_minor": 5, "currency": "EUR", "payment_method": "pm_card_ok"}
    for client, method, path, body in (
        (shop.order, "GET", f"/orders/{made}", None),
        (shop.order, "GET", f"/orders?after={made}", None),
        (shop.order, "GET", "/nobody/serves/this?token=zyzzyva", None),
        (shop.order, "POST", "/orders", {}),
        (shop.inventory, "GET", "/stock", None),
        (shop.inventory, "GET", "/stock/lamp", None),
        (shop.inventory, "POST", "/stock/lamp/receipts", {"quantity": 1}),
        (shop.payment, "GET", f"/payments/{made}", None),
        (shop.payment, "DELETE", f"/payments/{unknown}", None),
        (shop.payment, "POST", "/payments", payment | {"order_id": unknown}),
        (shop.payment, "POST", "/payments", payment | {"order_id": made}),
    ):
        last = client.request(method, path, json=body)
    answered = last.headers["traceresponse"].split("-")[1]

    def ended() -> None:
        assert any(span.trace_id == answered and not span.parent_id for span in spans.all())

    eventually(ended)
    return [span for span in spans.all() if span.span_id not in before]


def test_every_span_is_listed_with_its_kind_service_and_parent(driven: list[Span]) -> None:
    names = {span.span_id: span.name for span in driven}
    parents = {(s["name"], s["kind"]): set(s["parents"]) for s in CONTRACT["spans"]}
    for span in driven:
        if span.kind == "server" and span.name in METHODS:  # no route matched: any method, any service
            continue
        assert (span.name, span.kind, span.service) in LISTED, span.line()
        assert names.get(span.parent_id, "") in parents[span.name, span.kind], span.line()


def test_every_listed_span_is_seen(driven: list[Span]) -> None:
    seen = {(span.name, span.kind, span.service) for span in driven}
    missing = {span for span in LISTED - seen if span[2] != "any"}
    assert not missing


def test_every_attribute_is_listed_with_its_type(driven: list[Span]) -> None:
    for span in driven:
        for name, value in span.attributes.items():
            assert name in ATTRIBUTES, f"{name} on {span.line()} is not in docs/telemetry.yaml"
            assert type(value) is TYPES[ATTRIBUTES[name]["type"]], f"{name}={value!r}"


def test_every_attribute_stands_only_where_the_contract_says(driven: list[Span]) -> None:
    above = {span.span_id: span for span in driven}
    for span in driven:
        places = _places(span, above)
        for name in span.attributes:
            assert places & set(ATTRIBUTES[name]["where"]), f"{name} on {span.line()}, which is {places}"


def _places(span: Span, above: dict[str, Span]) -> set[str]:
    """What the contract calls this span: its name, its kind, what it is under."""
    found = {"all", span.name, span.kind}
    if span.kind == "client":
        found |= {"mongodb" if "db.system.name" in span.attributes else "http client"}
    if span.name in ("reserveInventory", "processPayment", "releaseInventory", "voidPayment"):
        found |= {"each step"}
    up: Span | None = span
    while up:
        found |= {f"under {up.name}"}
        up = above.get(up.parent_id)
    return found


def test_every_value_of_an_enum_is_listed(driven: list[Span]) -> None:
    for span in driven:
        for name, value in span.attributes.items():
            assert value in ATTRIBUTES[name].get("values", [value]), f"{name}={value!r} on {span.line()}"
    assert {n for n, a in ATTRIBUTES.items() if a["cardinality"] == "enum"} == {
        n for n, a in ATTRIBUTES.items() if "values" in a
    }


def test_every_listed_value_has_the_attributes_type() -> None:
    for name, attribute in ATTRIBUTES.items():
        for value in (attribute["example"], *attribute.get("values", [])):
            assert type(value) is TYPES[attribute["type"]], f"{name}: {value!r}"
        assert attribute["answers"], name


def test_every_red_span_says_why_and_no_other_does(driven: list[Span]) -> None:
    for span in driven:
        assert span.error == ("error.type" in span.attributes), span.line()
        assert span.status_text == "", span.line()
    assert {span.kind for span in driven if span.error} == {"client", "internal"}


def test_refusal_of_a_request_paints_the_caller_red_and_not_the_server(driven: list[Span]) -> None:
    """A 4xx is the client's error: the server did its work well."""
    refusals = [s for s in driven if 400 <= int(s.attributes.get("http.response.status_code", 0)) < 500]
    assert {(span.kind, span.error) for span in refusals} == {("server", False), ("client", True)}


def test_every_listed_attribute_is_seen(driven: list[Span]) -> None:
    seen = {name for span in driven for name in span.attributes}
    only_from_raw_clients = {"http.request.method_original"}  # httptools lets no unknown method in
    only_under_a_fault = {name for name in ATTRIBUTES if name.startswith("feature_flag.")}  # test_faults.py
    assert set(ATTRIBUTES) - seen <= only_from_raw_clients | only_under_a_fault


def test_no_event_is_put_on_a_span_by_the_shop(driven: list[Span]) -> None:
    assert [span.line() for span in driven if span.events and span.kind != "client"] == []


def test_names_hold_no_values(driven: list[Span]) -> None:
    assert not [span.name for span in driven if any(part.isdigit() for part in span.name)]


def test_queries_and_unknown_paths_stay_out_of_the_spans(driven: list[Span]) -> None:
    assert "zyzzyva" not in str([span.attributes for span in driven])
    assert "nobody" not in str([span.attributes for span in driven])


def test_the_page_is_made_from_the_contract() -> None:
    page = FILE.with_suffix(".md").read_text()
    assert page == telemetry_page(CONTRACT), "docs/telemetry.md is stale: run `make docs`"
