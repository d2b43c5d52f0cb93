"""Small rules: a charge's decision, a customer's tier, an order's fingerprint, allowed baggage, imports."""

import ast
import uuid
from pathlib import Path

import pytest
from chassis.baggage import keep_allowed
from order.customers import tier_of
from order.models import Line, NewOrder
from payment.models import Charge, Payment

SERVICES = Path(__file__).parents[2] / "services"


@pytest.mark.parametrize(
    ("method", "status"),
    [
        ("pm_card_ok", "captured"),
        ("pm_card_declined", "declined"),
        ("pm_card_insufficient_funds", "declined"),
    ],
)
def test_method_decides_the_charge(method: str, status: str) -> None:
    charge = Charge(order_id=uuid.uuid4(), amount_minor=5, currency="EUR", payment_method=method)  # type: ignore[arg-type]
    assert Payment.decided(charge).status == status


def test_tier_comes_from_the_records() -> None:
    assert [tier_of(c) for c in ("customer-1", "customer-3", "somebody")] == ["gold", "silver", "standard"]


def test_fingerprint_tells_orders_apart() -> None:
    lines = [Line(sku="lamp", quantity=1), Line(sku="mug", quantity=1)]
    orders = [
        NewOrder(customer_id="c", lines=each, payment_method="pm_card_ok")
        for each in (lines, lines, lines[::-1])
    ]
    assert orders[0].fingerprint() == orders[1].fingerprint() != orders[2].fingerprint()


@pytest.mark.parametrize(
    ("sent", "edge", "kept"),
    [
        ("shop.seat=a-1", True, "shop.seat=a-1"),
        ("shop.customer.tier=gold", True, None),
        ("shop.customer.tier=gold", False, "shop.customer.tier=gold"),
        ("shop.customer.tier=platinum", False, None),
        ("shop.synthetic=true,x=1", True, "shop.synthetic=true"),
        ("shop.synthetic=false", True, None),
        ("garbage", True, None),
    ],
)
def test_baggage_off_the_list_is_dropped(sent: str, edge: bool, kept: str | None) -> None:
    headers = [(b"host", b"x"), (b"baggage", sent.encode())]
    expected = [(b"host", b"x")] + ([(b"baggage", kept.encode())] if kept else [])
    assert keep_allowed(headers, edge=edge) == expected


def imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            found |= {base} | {f"{base}.{name.name}" for name in node.names}
    return found


@pytest.mark.parametrize("service", ["order", "inventory", "payment"])
def test_business_code_knows_neither_sdk_nor_driver_nor_other_services(service: str) -> None:
    others = {"order", "inventory", "payment"} - {service}
    for file in (SERVICES / service).glob("*.py"):
        names = imports(file)
        otel = {name for name in names if name.startswith("opentelemetry")}
        allowed = ("opentelemetry.metrics",) if file.name == "metrics.py" else ("opentelemetry.trace",)
        assert all(name == "opentelemetry" or name.startswith(allowed) for name in otel), (file, otel)
        assert file.name == "store.py" or not any(n.startswith(("pymongo", "motor")) for n in names), file
        assert file.name == "clients.py" or "httpx" not in names, file
        assert not others & {name.split(".")[0] for name in names}, file


def test_sdk_is_touched_in_the_chassis_telemetry_alone() -> None:
    for file in SERVICES.rglob("*.py"):
        if any(name.startswith("opentelemetry.sdk") for name in imports(file)):
            assert file.stem in ("telemetry", "baggage", "privacy", "sampling", "encoding", "spool"), file
