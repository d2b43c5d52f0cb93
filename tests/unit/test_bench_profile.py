"""Which part of an order a sample of py-spy's is put down to."""

import pytest

from loadtest.bench.profile import OTHER, part_of

PACKAGES = "/venv/lib/python3.11/site-packages"
SERVING = f"run ({PACKAGES}/uvicorn/server.py:86);post (/tmp/x/services/order/main.py:40)"
STACKS = {
    "web framework": f"run ({PACKAGES}/uvicorn/server.py:86)",
    "the shop's own code": SERVING,
    "making spans": f"{SERVING};start_span ({PACKAGES}/opentelemetry/sdk/trace/__init__.py:1200)",
    "instrumentors": f"{SERVING};started ({PACKAGES}/opentelemetry/instrumentation/pymongo/__init__.py:9)",
    "MongoDB and Motor's threads": f"{SERVING};send ({PACKAGES}/pymongo/network.py:1);wait (/lib/s.py:1)",
    "encoding spans as OTLP": f"worker ({PACKAGES}/opentelemetry/sdk/_shared_internal/__init__.py:1);"
    f"encode ({PACKAGES}/opentelemetry/exporter/otlp/proto/common/_internal/__init__.py:70)",
    "queueing, posting": "_run (/tmp/x/services/chassis/spool.py:110);recv (/lib/socket.py:1)",
    OTHER: "_bootstrap (/lib/threading.py:1)",
}


@pytest.mark.parametrize(("part", "stack"), STACKS.items())
def test_sample_belongs_to_the_innermost_frame_that_is_known(part: str, stack: str) -> None:
    assert part_of(stack) == part
