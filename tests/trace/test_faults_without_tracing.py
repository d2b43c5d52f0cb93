"""Tracing off: nobody has a seat then, so a seat's fault is off; a fault for everybody is on."""

import uuid
from pathlib import Path

import pytest

from tests.sink import ServiceProcess
from tools.faults import switch, switching

SEAT = {"baggage": "shop.seat=seat-7,shop.customer.tier=gold"}
OFF = {"OTEL_SDK_DISABLED": "true"}
EXPORT_NOTHING = {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"}


def charge(payment: ServiceProcess) -> int:
    body = {
        "order_id": str(uuid.uuid4()),
        "amount_minor": 5,
        "currency": "EUR",
        "payment_method": "pm_card_ok",
    }
    return payment.client.post("/payments", json=body, headers=SEAT).status_code


@pytest.mark.parametrize(("tracing", "of_seat"), [(EXPORT_NOTHING, 500), (OFF, 201)], ids=["on", "off"])
def test_seats_fault_is_off_without_tracing_and_everybodys_is_on(
    mongodb: str, tmp_path: Path, tracing: dict[str, str], of_seat: int
) -> None:
    file = tmp_path / "faults.json"
    where = {"MONGODB_URL": mongodb, "FAULTS_FILE": str(file)}
    with ServiceProcess("payment", tmp_path, **where, **tracing) as payment:
        assert charge(payment) == 201
        with switching(file) as flags:
            switch(flags["payment-fails"], "always", "seat-7")
        assert charge(payment) == of_seat
        with switching(file) as flags:
            switch(flags["payment-fails"], "always")
        assert charge(payment) == 500
        with switching(file) as flags:
            switch(flags["payment-fails"], "off")
        assert charge(payment) == 201


def test_broken_file_is_logged_once_and_nothing_is_on(mongodb: str, tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text('{"flags": {"payment-fails"')
    where = {"MONGODB_URL": mongodb, "FAULTS_FILE": str(file)}
    with ServiceProcess("payment", tmp_path, **where, **OFF) as payment:
        assert [charge(payment) for _ in range(3)] == [201] * 3
        assert payment.log.count("faults.json is broken") == 1
