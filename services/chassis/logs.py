"""Logs as one JSON object a line, each with the ids of the trace it belongs to, sampled or not.

With OTEL_LOGS_EXPORTER=otlp the same records also leave by OTLP, to be read beside their traces.
"""

import json
import logging
import os
import traceback
from datetime import UTC, datetime

from opentelemetry import trace
from opentelemetry._logs import LogRecord, get_logger
from opentelemetry.instrumentation.log_utils import std_to_otel


class JsonFormatter(logging.Formatter):
    """One line per record."""

    def format(self, record: logging.LogRecord) -> str:
        span = trace.get_current_span().get_span_context()
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "service": os.environ.get("OTEL_SERVICE_NAME", "unknown_service"),
            "logger": record.name,
            # asyncio writes into the text what an exception nobody caught looks like.
            "message": record.getMessage().split("\n")[0]
            if record.name == "asyncio"
            else record.getMessage(),
        }
        if span.is_valid:
            line["trace_id"] = trace.format_trace_id(span.trace_id)
            line["span_id"] = trace.format_span_id(span.span_id)
        return json.dumps(line | _exception(record))


class OtlpHandler(logging.Handler):
    """Hands each record to OpenTelemetry, which adds the ids of the current span, sampled or not.

    The SDK's own handler, and contrib's, would send the exception's text and stack trace along.
    """

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("opentelemetry."):
            return  # "can't send" must not be sent as well: that would fail, and say so, and fail
        try:
            get_logger(record.name).emit(
                LogRecord(
                    timestamp=int(record.created * 1e9),
                    severity_number=std_to_otel(record.levelno),
                    severity_text=record.levelname,
                    body=record.getMessage(),
                    attributes=_exception(record),
                )
            )
        except Exception:
            self.handleError(record)


def _exception(record: logging.LogRecord) -> dict[str, str]:
    """Return an exception's type and place, never its text: texts can hold data."""
    if not (record.exc_info and record.exc_info[0]):
        return {}
    frames = traceback.extract_tb(record.exc_info[2])[-5:]
    place = " < ".join(f"{f.filename}:{f.lineno} {f.name}" for f in reversed(frames))
    return {"error.type": record.exc_info[0].__qualname__, "at": place}


def set_up() -> None:
    """Send everything, uvicorn's own lines too, through the one formatter to stderr; by OTLP if asked."""
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    handlers[0].setFormatter(JsonFormatter())
    if os.environ.get("OTEL_LOGS_EXPORTER", "none") != "none":
        handlers.append(OtlpHandler())
    logging.basicConfig(level=logging.INFO, handlers=handlers, force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # its INFO line per call repeats the span
    # These warn of bad headers and quote them: a client's text, and as much of it as it likes to send.
    for quoting in ("baggage.propagation", "trace.span", "trace.propagation.tracecontext"):
        logging.getLogger(f"opentelemetry.{quoting}").setLevel(logging.ERROR)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # every request is a span already
