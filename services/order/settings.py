"""order's settings from the environment."""

from chassis.settings import CallSettings


class OrderSettings(CallSettings):
    """Where order's dependencies are, how many requests it works on, whether to place a first order.

    An order is work in all three services, so the edge takes fewer at a time than those behind it.
    """

    inventory_url: str = "http://127.0.0.1:8001"
    payment_url: str = "http://127.0.0.1:8002"
    max_in_flight: int = 32
    first_order: bool = False
