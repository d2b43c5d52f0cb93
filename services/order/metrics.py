"""The shop's own metrics. They count every order, at any sampling ratio; their dimensions are enums."""

from collections.abc import Iterable

from chassis.http import CIRCUIT_STATES, Dependency
from opentelemetry import metrics

from .models import Status

_meter = metrics.get_meter("order")
_orders = _meter.create_counter(
    "shop.orders", unit="{order}", description="Orders answered, by the status they had then."
)
_recoveries = _meter.create_counter(
    "shop.recoveries", unit="{recovery}", description="Recoveries of pending orders, by how they ended."
)
_compensations = _meter.create_counter(
    "shop.compensations", unit="{order}", description="Orders whose steps were undone, by reason."
)
_overdue = _meter.create_gauge(
    "shop.orders.overdue", unit="{order}", description="Orders pending for longer than recovery should take."
)
_watched: list[Dependency] = []


def _circuits(_: metrics.CallbackOptions) -> Iterable[metrics.Observation]:
    """One series per state, of which one is 1: so that a graph needs no legend for numbers."""
    for service in _watched:
        for state in CIRCUIT_STATES:
            seen = {"shop.dependency": service.name, "shop.circuit.state": state}
            yield metrics.Observation(int(service.circuit == state), seen)


_meter.create_observable_gauge(
    "shop.circuit",
    [_circuits],
    unit="{circuit}",
    description="1 for the state a dependency's circuit breaker is in.",
)


def watch_circuits(*dependencies: Dependency) -> None:
    """Report the circuit breakers of these from now on."""
    _watched[:] = dependencies


def count_order(status: Status) -> None:
    """Count one order that was processed."""
    _orders.add(1, {"shop.order.status": status})


def count_recovered(status: Status) -> None:
    """Count one recovery; `pending`: it has to be tried again."""
    _recoveries.add(1, {"shop.order.status": status})


def count_compensation(reason: str) -> None:
    """Count one order that was undone: `payment-declined` or `abandoned`."""
    _compensations.add(1, {"shop.order.reason": reason})


def set_overdue(orders: int) -> None:
    """Say how many orders are overdue now."""
    _overdue.set(orders)
