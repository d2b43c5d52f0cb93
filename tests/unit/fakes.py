"""Hand-written stand-ins for what process_order works with: they write down what was asked of them."""

from typing import Any

from order.models import Order, Reservation


class FakeShop:
    """Store, inventory and payment in one; `answers` maps a call to what it returns or raises."""

    def __init__(self, **answers: Any) -> None:
        self.calls: list[str] = []
        self.answers = answers

    def _called(self, name: str, default: Any = None) -> Any:
        self.calls.append(name)
        answer = self.answers.get(name, default)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def insert(self, order: Order) -> None:
        self._called("insert")

    async def settle(self, order: Order) -> Order:
        return self._called("settle", order)

    async def reserve(self, order: Order) -> Reservation:
        return self._called("reserve", Reservation(total_minor=500, currency="EUR"))

    async def release(self, order: Order) -> None:
        self._called("release")

    async def charge(self, order: Order) -> None:
        assert order.total_minor == 500
        self._called("charge")
