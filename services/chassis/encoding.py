"""Makes sending cheaper: most attributes of a span were on others before, so each is encoded once.

Encoding holds Python's lock, so what it takes is a time in which no order moves.
"""

from functools import lru_cache
from typing import Any

from opentelemetry.exporter.otlp.proto.common import _internal

MOST = 1024  # those on every span stay; ids pass through

encode = _internal._encode_key_value
_encoded = lru_cache(MOST)(encode)


def encode_once(key: str, value: Any) -> Any:
    """Return what the exporter would. Not of all types: equal is not alike, as with 1, 1.0 and True."""
    return _encoded(key, value) if type(value) in (str, int) else encode(key, value)


def install() -> None:
    """Use it in this process."""
    _internal._encode_key_value = encode_once
