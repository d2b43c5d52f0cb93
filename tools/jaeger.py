"""Jaeger's HTTP API v3 (2.13 and later): one trace by its id, polled until it is as it should be."""

import time
from collections.abc import Callable
from typing import Any

import httpx

from .tracecheck import CannotCheck, NotYet, Span, Trace

KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"]


class Jaeger:
    """Reads traces back."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._http = httpx.Client(base_url=self.url, timeout=10)

    def close(self) -> None:
        self._http.close()

    def link(self, trace_id: str) -> str:
        """Where a person looks at the trace."""
        return f"{self.url}/trace/{trace_id}"

    def trace(self, trace_id: str) -> Trace:
        """Return what Jaeger has of the trace now, maybe no spans. Raises CannotCheck."""
        document = self._get(f"/api/v3/traces/{trace_id}")
        spans = [
            span for part in document.get("result", {}).get("resourceSpans", []) for span in _spans(part)
        ]
        return Trace(spans, self.link(trace_id))

    def services(self) -> list[str]:
        return list(self._get("/api/v3/services").get("services", []))

    def operations(self, service: str) -> list[str]:
        found = self._get("/api/v3/operations", service=service).get("operations", [])
        return [operation["name"] for operation in found]

    def eventually(
        self, trace_id: str, check: Callable[[Trace], object], *, seconds: float = 15, settle: float = 0.3
    ) -> Trace:
        """Poll this trace until `check` passes and no span came for `settle` seconds. Raises NotYet."""
        deadline = time.monotonic() + seconds
        passed_at: float | None = None
        count = -1
        while True:
            trace = self.trace(trace_id)
            if len(trace.spans) != count:
                passed_at, count = None, len(trace.spans)
            try:
                check(trace)
            except NotYet:
                passed_at = None
                if time.monotonic() > deadline:
                    raise
            else:
                passed_at = passed_at or time.monotonic()
                if time.monotonic() - passed_at >= settle:
                    return trace
            time.sleep(0.05)

    def _get(self, path: str, **query: str) -> dict[str, Any]:
        try:
            answer = self._http.get(path, params=query)
        except httpx.HTTPError as error:
            raise CannotCheck(
                f"Jaeger does not answer at {self.url} ({error}); is it up? `make status`"
            ) from error
        # A wrong path answers 200 with the UI's page, JSON comes as text/plain: only the first byte tells.
        if not answer.text.lstrip().startswith("{"):
            raise CannotCheck(f"{self.url}{path} answered {answer.status_code} without JSON; is this Jaeger?")
        if answer.status_code == 404:
            return {}
        if answer.status_code != 200:
            raise CannotCheck(f"{self.url}{path} answered {answer.status_code}: {answer.text[:200]}")
        document: dict[str, Any] = answer.json()
        return document


def _spans(part: dict[str, Any]) -> list[Span]:
    resource = _attributes(part.get("resource", {}).get("attributes", []))
    raw = [span for scope in part.get("scopeSpans", []) for span in scope.get("spans", [])]
    return [_span(span, resource) for span in raw]


def _span(raw: dict[str, Any], resource: dict[str, Any]) -> Span:
    return Span(
        name=raw["name"],
        kind=KINDS[int(raw.get("kind", 0))],
        service=str(resource.get("service.name", "?")),
        trace_id=raw["traceId"],
        span_id=raw["spanId"],
        parent_id=raw.get("parentSpanId", ""),
        start=int(raw["startTimeUnixNano"]),
        end=int(raw["endTimeUnixNano"]),
        error=raw.get("status", {}).get("code") == 2,
        status_text=raw.get("status", {}).get("message", ""),
        attributes=_attributes(raw.get("attributes", [])),
        events=[
            {"name": event["name"], **_attributes(event.get("attributes", []))}
            for event in raw.get("events", [])
        ],
        resource=resource,
        links=[(link["traceId"], link["spanId"]) for link in raw.get("links", [])],
    )


def _attributes(pairs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the attributes, without the remarks Jaeger adds itself (`@jaeger@warnings`, of clock skew)."""
    return {pair["key"]: _plain(pair["value"]) for pair in pairs if not pair["key"].startswith("@jaeger@")}


def _plain(value: dict[str, Any]) -> Any:
    """OTLP's JSON writes a 64-bit integer as a string."""
    ((kind, content),) = value.items()
    if kind == "intValue":
        return int(content)
    if kind == "arrayValue":
        return [_plain(item) for item in content.get("values", [])]
    return content
