"""order's settings from the environment."""

from chassis.settings import Settings


class OrderSettings(Settings):
    """Where order's dependencies are, how long one try may take (seconds), whether to place a first order."""

    inventory_url: str = "http://127.0.0.1:8001"
    payment_url: str = "http://127.0.0.1:8002"
    step_timeout: float = 1.0
    first_order: bool = False
