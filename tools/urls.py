"""Where everything answers, from the one table of ports (.env.example, .env, the environment)."""

from dataclasses import dataclass

from deploy.native.ports import settings


@dataclass(frozen=True)
class Urls:
    """Base URLs on this machine."""

    order: str
    inventory: str
    payment: str
    jaeger: str
    collector_health: str
    collector_metrics: str
    collector_exported: str


def urls() -> Urls:
    """Return the URLs as the settings have them now."""
    ports = settings()
    shop, collector = ("ORDER", "INVENTORY", "PAYMENT", "JAEGER"), ("HEALTH", "METRICS", "EXPORTED_METRICS")
    names = (*shop, *(f"COLLECTOR_{name}" for name in collector))
    return Urls(*(f"http://127.0.0.1:{ports[f'{name}_PORT']}" for name in names))
