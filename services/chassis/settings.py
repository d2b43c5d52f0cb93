"""Settings from the environment; the defaults fit a run on this machine. Telemetry reads OTEL_*, not this."""

from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """What every service needs to know. Times are in seconds.

    `edge_trust_parent` (only where clients come in): a client may decide that its trace is kept.
    """

    mongodb_url: str = "mongodb://127.0.0.1:27017"
    mongodb_timeout: float = 1.0
    max_in_flight: int = 64
    edge_trust_parent: bool = True


class CallSettings(Settings):
    """How long a call to another service may take, and when it is not made at all."""

    try_timeout: float = 1.0
    tries: int = 3
    step_timeout: float = 4.0
    breaker_failures: int = 5
    breaker_seconds: int = 2
