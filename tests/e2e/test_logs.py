"""Logs by OTLP: from a service through the real Collector to an OTLP receiver that stands in Loki's place.

Loki itself doesn't run here; what it is sent is what it takes, by its documentation.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract import CONTRACT
from tests.resilience.collector import Collector
from tests.sink import SERVICES, LogLine, ServiceProcess, Sink
from tests.support import Outside, eventually, trace_id_of

SECRET = "alice@example.com"
# A service made of the chassis alone: it logs, and it has a bug with somebody's data in the exception's text.
CLUMSY = f"""
import logging
from contextlib import asynccontextmanager
from chassis import telemetry
from chassis.app import make_app
from chassis.settings import Settings

telemetry.set_up()

@asynccontextmanager
async def lifespan(app):
    yield

app = make_app("clumsy", lifespan, Settings())

@app.get("/says")
async def says():
    logging.getLogger("clumsy.says").warning("order %s stays pending", "7")

@app.get("/careless")
async def careless():
    logging.getLogger("clumsy.says").error("mail to {SECRET} bounced")

@app.get("/fails")
async def fails():
    raise ValueError("{SECRET}")
"""


class Clumsy:
    """The service, the Collector and what arrives in Loki's place."""

    def __init__(self, service: ServiceProcess, sink: Sink) -> None:
        self.service, self._sink = service, sink

    def get(self, path: str) -> tuple[LogLine, dict[str, Any]]:
        """Ask; return the record of this request as Loki gets it, and the line on stderr."""
        with Outside(
            base_url=self.service.client.base_url, timeout=10
        ) as client:  # after a bug uvicorn hangs up
            trace_id = trace_id_of(client.get(path))

        def arrived() -> LogLine:
            found = [line for line in self._sink.logs if line.trace_id == trace_id]
            assert len(found) == 1, found
            return found[0]

        record = eventually(arrived)
        lines = [json.loads(line) for line in self.service.log.splitlines()]
        (line,) = [line for line in lines if line.get("trace_id") == trace_id]
        return record, line


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as running:
        yield running


@pytest.fixture(scope="module")
def collector(sink: Sink, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    host, port = sink.url.removeprefix("http://").split(":")
    directory = tmp_path_factory.mktemp("collector")
    running = Collector(directory, "127.0.0.1:9", LOKI_HOST=host, LOKI_PORT=port)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module", params=["always_on", "always_off"])
def clumsy(
    request: pytest.FixtureRequest, sink: Sink, collector: Collector, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clumsy]:
    directory = tmp_path_factory.mktemp(request.param)
    (directory / "clumsy").mkdir()
    (directory / "clumsy" / "main.py").write_text(CLUMSY)
    environment = {
        "PYTHONPATH": f"{SERVICES}:{directory}",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_BLRP_SCHEDULE_DELAY": "100",
        "OTEL_TRACES_SAMPLER": request.param,
    }
    with ServiceProcess("clumsy", directory, **environment) as service:
        yield Clumsy(service, sink)


def test_record_is_the_line_of_stderr_with_the_ids_of_its_trace(clumsy: Clumsy) -> None:
    record, line = clumsy.get("/says")
    assert (record.service, record.logger, record.body) == ("clumsy", "clumsy.says", "order 7 stays pending")
    assert (record.severity, record.level) == (13, "WARNING")
    assert (line["logger"], line["message"], line["level"]) == (record.logger, record.body, record.level)
    assert (record.trace_id, record.span_id) == (line["trace_id"], line["span_id"])
    assert record.attributes == {}


def test_record_of_a_bug_has_the_exceptions_type_and_place_and_not_its_text(clumsy: Clumsy) -> None:
    record, line = clumsy.get("/fails")
    assert record.severity == 17
    assert record.attributes == {"error.type": "ValueError", "at": line["at"]}
    assert SECRET not in str(record) + str(line)


def test_what_a_service_should_not_have_said_is_masked_on_the_way(clumsy: Clumsy) -> None:
    record, line = clumsy.get("/careless")
    assert SECRET in line["message"]  # on stderr it stands: the first lock is not to say it
    assert record.body == "mail to **** bounced"


def test_fields_are_those_of_the_contract(clumsy: Clumsy) -> None:
    listed = {field["name"] for field in CONTRACT["logs"]}
    record, line = clumsy.get("/fails")
    assert set(line) == listed
    assert set(record.attributes) <= listed
    assert set(record.resource) <= {attribute["name"] for attribute in CONTRACT["resource"]}


def test_service_says_on_stderr_only_that_its_logs_can_not_be_sent(tmp_path: Path) -> None:
    """Said by OTLP too, each complaint would make the next one."""
    (tmp_path / "clumsy").mkdir()
    (tmp_path / "clumsy" / "main.py").write_text(CLUMSY)
    with Sink() as sink:
        environment = {
            "PYTHONPATH": f"{SERVICES}:{tmp_path}",
            "OTEL_LOGS_EXPORTER": "otlp",
            "OTEL_BLRP_SCHEDULE_DELAY": "50",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
        }
        with ServiceProcess("clumsy", tmp_path, **environment) as service:
            assert service.client.get("/says").status_code == 200
            eventually(lambda: _complains(service))
            assert sink.logs == []


def _complains(service: ServiceProcess) -> None:
    assert '"logger": "opentelemetry.' in service.log
