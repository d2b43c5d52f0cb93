"""Telemetry of a service that scrubs nothing: a secret in every place that can hold a text."""

import random
import time
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from tests.canary.secrets import Mint


def leaking_span(mint: Mint, kind: str) -> ExportTraceServiceRequest:
    """Return a span with secrets in every place, each within other words."""

    def text() -> str:
        return f"it says {mint.secret(kind)}, and twice: {mint.secret(kind)}!"

    request, now = ExportTraceServiceRequest(), time.time_ns()
    part = request.resource_spans.add()
    part.resource.attributes.extend([_pair("service.name", "leaky"), _pair("leak", text())])
    span = part.scope_spans.add().spans.add(**_ids())
    span.name, span.start_time_unix_nano, span.end_time_unix_nano = text(), now, now + 1
    span.attributes.extend([_pair("leak", text()), _pair("password", "no secret by its form")])
    span.status.CopyFrom(Status(code=Status.STATUS_CODE_ERROR, message=text()))
    event = span.events.add(time_unix_nano=now, name=text())
    event.attributes.extend([_pair("exception.message", text()), _pair("exception.stacktrace", text())])
    span.links.add(**_ids()).attributes.append(_pair("leak", text()))
    return request


def leaking_metric(mint: Mint, kind: str, name: str) -> ExportMetricsServiceRequest:
    """Return a histogram with a secret as its dimension and one in its exemplar, as a View would leave it."""
    request, now = ExportMetricsServiceRequest(), time.time_ns()
    part = request.resource_metrics.add()
    part.resource.attributes.append(_pair("service.name", "leaky"))
    histogram = part.scope_metrics.add().metrics.add(name=name).histogram
    histogram.aggregation_temporality = 2
    point = histogram.data_points.add(count=1, sum=1, bucket_counts=[1, 0], explicit_bounds=[10])
    point.time_unix_nano = now
    point.attributes.append(_pair("leak", mint.secret(kind)))
    exemplar = point.exemplars.add(as_double=1, time_unix_nano=now, **_ids())
    exemplar.filtered_attributes.append(_pair("leak", mint.secret(kind)))
    return request


def _ids() -> dict[str, Any]:
    return {"trace_id": random.randbytes(16), "span_id": random.randbytes(8)}


def _pair(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))
