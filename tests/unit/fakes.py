"""Hand-written stand-ins for what process_order works with: they write down what was asked of them."""

from datetime import datetime, timedelta
from typing import Any

from order.models import Order, Reservation


class FakeShop:
    """Store, inventory and payment in one; `answers` maps a call to what it returns or raises.

    `left` are the pending orders that recovery finds. `decided` is what was written before an undoing.
    """

    def __init__(self, *left: Order, **answers: Any) -> None:
        self.calls: list[str] = []
        self.answers = answers
        self.left = list(left)
        self.decided: list[Order] = []
        self.settled: list[Order] = []

    def _called(self, name: str, default: Any = None) -> Any:
        self.calls.append(name)
        answer = self.answers.get(name, default)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def insert(self, order: Order) -> None:
        self._called("insert")

    async def decide(self, order: Order) -> Order:
        self.decided.append(order)
        return self._called("decide", order)

    async def settle(self, order: Order) -> Order:
        self.settled.append(order)
        return self._called("settle", order)

    async def left_behind(self, *, until: datetime, limit: int) -> list[str]:
        return [order.id for order in self.left[:limit]]

    async def claim(self, order_id: str, *, until: datetime) -> Order | None:
        found = [order for order in self.left if order.id == order_id]
        self.left = [order for order in self.left if order.id != order_id]
        return found[0] if found else None

    async def count_pending(self, older_than: timedelta) -> int:
        return 0

    async def reserve(self, order: Order) -> Reservation:
        return self._called("reserve", Reservation(total_minor=500, currency="EUR"))

    async def release(self, order: Order) -> None:
        self._called("release")

    async def charge(self, order: Order) -> None:
        assert order.total_minor == 500
        self._called("charge")

    async def void(self, order: Order) -> None:
        self._called("void")
