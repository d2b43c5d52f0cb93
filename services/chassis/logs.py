"""Logs as one JSON object a line, each with the ids of the trace it belongs to, sampled or not."""

import json
import logging
import os
import traceback
from datetime import UTC, datetime

from opentelemetry import trace


class JsonFormatter(logging.Formatter):
    """One line per record. Of an exception it keeps type and place, never the text: texts can hold data."""

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
        if record.exc_info and record.exc_info[0]:
            line["error.type"] = record.exc_info[0].__qualname__
            frames = traceback.extract_tb(record.exc_info[2])[-5:]
            line["at"] = " < ".join(f"{f.filename}:{f.lineno} {f.name}" for f in reversed(frames))
        return json.dumps(line)


def set_up() -> None:
    """Send everything, uvicorn's own lines too, through the one formatter to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # its INFO line per call repeats the span
    # These warn of bad headers and quote them: a client's text, and as much of it as it likes to send.
    for quoting in ("baggage.propagation", "trace.span", "trace.propagation.tracecontext"):
        logging.getLogger(f"opentelemetry.{quoting}").setLevel(logging.ERROR)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # every request is a span already
