"""The spool of spans between the stock exporter and a Collector that is away, full or cross."""

import os
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from chassis.backlog import Backlog
from chassis.spool import Spool, Spooling, ToSpool
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from requests import PreparedRequest, Request

from tests.receiver import Receiver
from tests.resilience.hanging import Hanging
from tests.support import eventually

GONE = Receiver()  # never there
Pipeline = Callable[..., "Traced"]


class Traced:
    """The SDK with the stock exporter and a spool; each span is a batch of its own."""

    def __init__(
        self, url: str, session: type[ToSpool] = ToSpool, most: int = 2**20, **exporter: object
    ) -> None:
        self.spool = Spool(most)
        self.session: Any = session(self.spool)
        self.provider = TracerProvider(shutdown_on_exit=False)
        to = OTLPSpanExporter(url, session=self.session, **exporter)  # type: ignore[call-overload]
        self.provider.add_span_processor(SimpleSpanProcessor(to))

    def end(self, *names: str) -> None:
        """Make spans of these names."""
        for name in names:
            noise = os.urandom(200).hex()
            self.provider.get_tracer("test").start_span(name, attributes={"noise": noise}).end()

    def delivered(self) -> bool:
        return self.spool.backlog.empty(10)


@pytest.fixture
def traced() -> Iterator[Pipeline]:
    """Makes what ends when the test does."""
    made: list[Traced] = []

    def make(*args: object, **more: object) -> Traced:
        made.append(Traced(*args, **more))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.provider.shutdown()


def test_spans_of_an_outage_arrive_once_and_in_their_order(
    traced: Pipeline, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = Receiver()
    shop = traced(receiver.url)
    with receiver:
        shop.end("before")
        assert shop.delivered()
    during = [f"during {number}" for number in range(30)]
    shop.end(*during)
    eventually(lambda: _said_once(caplog, "takes no spans (ConnectionError)"))
    with receiver:
        assert shop.delivered()
        shop.end("after")
        assert shop.delivered()
    assert receiver.names == ["before", *during, "after"]
    assert shop.spool.lost == 0
    _said_once(caplog, "takes no spans")
    _said_once(caplog, "takes spans: 30 batches of 0.0 MiB have waited, lost: 0")


def _said_once(caplog: pytest.LogCaptureFixture, text: str) -> None:
    assert sum(text in message for message in caplog.messages) == 1, caplog.messages


def test_full_spool_lets_the_oldest_go_and_counts_them(
    traced: Pipeline, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = Receiver()
    shop = traced(receiver.url, most=10_000)
    spans = [f"span {number}" for number in range(100)]
    shop.end(spans[0])
    eventually(
        lambda: _said_once(caplog, "takes no spans")
    )  # what is on its way may arrive, although it went
    shop.end(*spans[1:])
    left = len(shop.spool.backlog)
    assert 10 < left < 50  # some 500 bytes each: what is noise does not get smaller
    assert shop.spool.lost == 100 - left
    with receiver:
        assert shop.delivered()
    assert receiver.names == spans[-left:]
    _said_once(caplog, "spool of spans is full")
    _said_once(caplog, f"{left} batches of 0.0 MiB have waited, lost: {100 - left}")


def test_batch_that_made_room_while_it_was_delivered_is_not_lost() -> None:
    backlog = Backlog(10)
    backlog.put(b"first")
    on_its_way = backlog.oldest()
    assert on_its_way
    backlog.put(b"second one")
    assert backlog.gone == 1
    backlog.remove(on_its_way)
    assert (backlog.gone, backlog.oldest(), backlog.size) == (0, b"second one", 10)


def test_batch_is_compressed_where_others_wait_already(traced: Pipeline) -> None:
    shop = traced(GONE.url)
    shop.end("first")
    plain = shop.spool.backlog.size
    shop.end("second")
    assert shop.spool.backlog.size - plain < 0.8 * plain


def test_flush_waits_until_the_receiver_has_everything() -> None:
    spooling, receiver = Spooling(), Receiver((503, {}))
    provider = TracerProvider(shutdown_on_exit=False)
    exporter = OTLPSpanExporter(receiver.url, **spooling.exporter_args[OTLPSpanExporter])
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=60_000))
    provider.add_span_processor(spooling)
    provider.get_tracer("test").start_span("first").end()
    assert not provider.force_flush(100)
    with receiver:
        assert provider.force_flush()
        assert receiver.names == ["first"]
        provider.shutdown()


@pytest.mark.parametrize("status", [400, 401, 404, 413, 500])
def test_batch_that_is_refused_for_good_is_not_sent_again(
    traced: Pipeline, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    with Receiver((status, {}), (status, {})) as receiver:
        shop = traced(receiver.url)
        shop.end("first", "second", "third")
        assert shop.delivered()
    assert [status for _, status in receiver.tries] == [status, status, 200]
    assert receiver.names == ["third"]
    assert shop.spool.lost == 2
    _said_once(caplog, f"refuses spans ({status})")


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_receiver_that_is_busy_is_asked_again_when_it_said(traced: Pipeline, status: int) -> None:
    with Receiver((status, {"retry-after": "1"})) as receiver:
        shop = traced(receiver.url)
        shop.end("first", "second")
        assert shop.delivered()
    (first, _), (second, _), *_ = receiver.tries
    assert 1.0 <= second - first < 1.5
    assert receiver.names == ["first", "second"]


def test_pauses_grow(traced: Pipeline) -> None:
    with Receiver(*[(503, {})] * 3) as receiver:
        shop = traced(receiver.url)
        shop.end("first")
        assert shop.delivered()
    times = [at for at, _ in receiver.tries]
    pauses = [late - early for early, late in pairwise(times)]
    for pause, most in zip(pauses, (0.5, 1.0, 2.0), strict=True):
        assert most / 2 <= pause < most + 0.3


def test_what_waits_at_the_end_is_sent_when_somebody_is_there(traced: Pipeline) -> None:
    receiver = Receiver((503, {"retry-after": "30"}))
    with receiver:
        shop = traced(receiver.url)
        shop.end("first", "second")
        eventually(lambda: _asked(receiver))
        began = time.monotonic()
        shop.provider.shutdown()
    assert receiver.names == ["first", "second"]
    assert time.monotonic() - began < 2


def _asked(receiver: Receiver) -> None:
    assert receiver.tries


def test_end_with_nobody_there_is_quick_and_says_what_is_lost(
    traced: Pipeline, caplog: pytest.LogCaptureFixture
) -> None:
    shop = traced(GONE.url)
    shop.end("first", "second")
    began = time.monotonic()
    shop.provider.shutdown()
    assert time.monotonic() - began < 2
    assert shop.spool.lost == 2
    _said_once(caplog, "lost as the service ends: 2 batches")


def test_end_with_a_receiver_that_hangs_is_in_time(
    traced: Pipeline, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = Receiver()
    with Hanging(receiver.port) as hanging:
        shop = traced(receiver.url)
        shop.end("first", "second")
        eventually(lambda: _connected(hanging))
        began = time.monotonic()
        shop.provider.shutdown()
        assert time.monotonic() - began < 3
    _said_once(caplog, "lost as the service ends: 2 batches")


def _connected(hanging: Hanging) -> None:
    assert hanging.connections


def test_requests_are_the_stock_exporters_own(traced: Pipeline) -> None:
    with Receiver() as receiver:
        shop = traced(receiver.url, compression=Compression.Gzip, headers={"x-tenant": "shop"})
        shop.end("first")
        assert shop.delivered()
    sent = receiver.headers
    assert (sent["content-encoding"], sent["content-type"]) == ("gzip", "application/x-protobuf")
    assert sent["x-tenant"] == "shop"
    assert sent["user-agent"].startswith("OTel-OTLP-Exporter-Python")
    assert receiver.names == ["first"]


class Counted(ToSpool):
    prepared = 0

    def prepare_request(self, request: Request) -> PreparedRequest:
        self.prepared += 1
        return super().prepare_request(request)


def test_only_the_first_request_is_prepared_and_all_arrive(traced: Pipeline) -> None:
    with Receiver() as receiver:
        shop = traced(receiver.url, Counted)
        shop.end("first", "second", "third")
        assert shop.delivered()
    assert receiver.names == ["first", "second", "third"]
    assert shop.session.prepared == 1
