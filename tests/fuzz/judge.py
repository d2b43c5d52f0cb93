"""What every answer of the shop must be, however broken the question was; used by both fuzzers."""

import json
import re
from collections.abc import Mapping

KINDS = (
    "invalid-request unknown-sku out-of-stock payment-declined order-in-flight idempotency-key-reused"
    " reservation-released payment-voided not-found unavailable"
)
TYPES = {f"/problems/{kind}" for kind in KINDS.split()}
TRACERESPONSE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
NOT_HTTP = b"Invalid HTTP request received."


def complaint(status: int, headers: Mapping[str, str], body: bytes, *, method: str = "") -> str:
    """Say what is wrong with an answer; the empty string when nothing is. Names of headers in lower case."""
    if status >= 500:
        return f"server error {status}"
    trace = headers.get("traceresponse")
    if trace is None:  # what the server can't parse never reaches the application
        return "" if (status, body) == (400, NOT_HTTP) else f"{status} without traceresponse"
    if not TRACERESPONSE.fullmatch(trace):
        return f"traceresponse {trace!r}"
    return _no_problem(status, headers, body, method) if status >= 400 else ""


def _no_problem(status: int, headers: Mapping[str, str], body: bytes, method: str) -> str:
    if headers.get("content-type") != "application/problem+json":
        return f"{status} is {headers.get('content-type')}, no problem document"
    if method == "HEAD":
        return ""
    try:
        problem = json.loads(body)
    except ValueError:
        return f"{status} whose body is no JSON: {body[:80]!r}"
    if problem.get("type") not in TYPES or problem.get("status") != status:
        return f"{status} with type {problem.get('type')!r} and status {problem.get('status')!r}"
    return ""
