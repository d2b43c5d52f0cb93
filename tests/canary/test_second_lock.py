"""The Collector's redaction, alone: telemetry of a service that scrubs nothing, and what becomes of it."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.canary.leaks import leaking_metric, leaking_span
from tests.canary.rig import OFTEN, OPENMETRICS
from tests.canary.secrets import KINDS, Mint
from tests.canary.sinks import Behind, spans
from tests.resilience.collector import Collector
from tests.support import Outside, eventually, free_ports


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Behind, Collector]]:
    """The real Collector, and a sink in Jaeger's place."""
    sink = Behind(*free_ports(1))
    sink.up()
    collector = Collector(Path(tmp_path_factory.mktemp("collector")), sink.endpoint, OFTEN)
    try:
        collector.start()
        yield sink, collector
    finally:
        collector.stop()
        sink.down()


def send(collector: Collector, path: str, message: Any) -> None:
    headers = {"content-type": "application/x-protobuf"}
    with Outside(base_url=collector.url) as client:
        client.post(path, content=message.SerializeToString(), headers=headers).raise_for_status()


@pytest.mark.parametrize("kind", KINDS)
def test_secret_in_a_span_is_masked_wherever_the_collector_reaches(
    behind: tuple[Behind, Collector], kind: str
) -> None:
    sink, collector = behind
    mint = Mint(random.Random())
    sink.kept.clear()
    request = leaking_span(mint, kind)
    send(collector, "/v1/traces", request)
    (came,) = eventually(lambda: _one(sink))
    (sent,) = spans(request)
    assert {where for where, text in places(request, sent) if mint.find([(where, text)])} == set(PLACES)
    left = {where for where, text in places(sink.kept[0], came) if mint.find([(where, text)])}
    assert left == {"link"}, "it is known to be out of reach; anything else is a hole, or good news"
    values = {each.key: each.value.string_value for each in came.attributes}
    assert values["password"] == "****"  # by its name
    assert values["leak"] == "it says ****, and twice: ****!"


PLACES = ("resource", "name", "attribute", "status", "event's name", "event's attribute", "link")


def places(request: Any, span: Any) -> Iterator[tuple[str, str]]:
    yield "resource", str(request.resource_spans[0].resource)
    yield "name", span.name
    yield "attribute", str(span.attributes)
    yield "status", span.status.message
    yield "event's name", span.events[0].name
    yield "event's attribute", str(span.events[0].attributes)
    yield "link", str(span.links)


def _one(sink: Behind) -> list[Any]:
    found = [span for request in sink.kept for span in spans(request)]
    assert found
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_secret_in_a_metrics_dimension_or_exemplar_is_not_exported(
    behind: tuple[Behind, Collector], kind: str
) -> None:
    _, collector = behind
    mint = Mint(random.Random())
    name = f"leaks_of_{kind}".replace(" ", "_").replace("-", "_")
    send(collector, "/v1/metrics", leaking_metric(mint, kind, name))

    def exported() -> list[str]:
        lines = httpx.get(collector.exported, headers=OPENMETRICS, timeout=10).text.splitlines()
        found = [line for line in lines if line.startswith(f"{name}_bucket")]
        assert found
        return found

    lines = eventually(exported)
    assert any("trace_id=" in line for line in lines)  # the exemplar itself is there
    assert all('leak="****"' in line for line in lines)
    assert not mint.find(("exported", line) for line in lines)
