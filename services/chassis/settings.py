"""Settings from the environment; the defaults fit a run on this machine. Telemetry reads OTEL_*, not this."""

from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """What every service needs to know. Times are in seconds."""

    mongodb_url: str = "mongodb://127.0.0.1:27017"
    mongodb_timeout: float = 1.0
