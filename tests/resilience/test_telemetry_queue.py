"""The Collector's queue on disk: what it accepted arrives, though Jaeger is away and it is killed itself."""

import signal
import threading
import time
from pathlib import Path

from tests.support import eventually, free_ports

from .collector import Collector
from .conftest import FULL
from .figures import Figures
from .otlp_sender import SPANS, Sender
from .otlp_sink import CountingSink

OUTAGE, KILLS = (60.0, 5) if FULL else (12.0, 3)  # seconds, and how often the Collector dies in them
RATE = 40.0  # batches a second, so 2,000 spans


def test_accepted_spans_arrive_after_jaeger_was_down_and_the_collector_killed(
    tmp_path: Path, figures: Figures
) -> None:
    sink = CountingSink(free_ports(1)[0])
    collector = Collector(tmp_path, jaeger=sink.endpoint)
    try:
        sink.up()
        collector.start()
        with Sender(collector.url, RATE) as sender:
            eventually(lambda: _at_least(1000, sink))
            sink.down()
            for _ in range(KILLS):
                threading.Event().wait(OUTAGE / KILLS)
                collector.stop(signal.SIGKILL)
                collector.start()
            sink.up()
            back = time.monotonic()
            sender.stop()
            eventually(lambda: _nothing_missing(sender, sink), seconds=30)
        _judge(sender, sink, figures, time.monotonic() - back)
        _its_queue_was_read_before_it_listened(collector.log.read_text())
    finally:
        collector.stop()
        sink.down()


def _at_least(count: int, sink: CountingSink) -> None:
    assert len(sink.copies()) >= count


def _nothing_missing(sender: Sender, sink: CountingSink) -> None:
    missing = sender.accepted - sink.copies().keys()
    assert not missing, f"{len(missing)} of {len(sender.accepted)} accepted spans are lost"


def _judge(sender: Sender, sink: CountingSink, figures: Figures, seconds: float) -> None:
    """What was under way when the Collector died it may deliver twice: of a thousand spans one at most."""
    copies = sink.copies()
    twice = {span for span, count in copies.items() if count > 1}
    duplicated = twice - sender.resent
    figures.say(
        jaeger_away=f"{OUTAGE:.0f} s",
        kills=KILLS,
        accepted=len(sender.accepted),
        lost=len(sender.accepted - copies.keys()),
        duplicated=len(duplicated),
        duplicated_by_the_sender=len(twice & sender.resent),
        refused_requests=sender.refused,
        all_there_after=round(seconds, 1),
    )
    assert len(sender.accepted) > RATE * SPANS * OUTAGE / 3  # most of the time it took spans
    assert len(duplicated) <= 0.001 * len(sender.accepted)


def _its_queue_was_read_before_it_listened(log: str) -> None:
    """Before v0.156 chance decided that, and what came too early was lost: opentelemetry-collector #15485."""
    for start in log.split("Starting otelcol-spanshop...")[2:]:
        assert start.index("Loaded queue metadata") < start.index("Starting HTTP server")
