"""Spans wait here while the Collector is away: in memory, bounded, and delivered in their order afterwards.

A spool is the transport of the stock exporter's session. The exporter encodes a batch, puts address, headers
and certificates on it as the OTEL_EXPORTER_OTLP_* variables say, and is told "taken" at once; a thread sends.
"""

import logging
import os
import random
import threading
import zlib
from collections.abc import Iterator
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.trace import SpanProcessor
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter

from .backlog import Backlog

log = logging.getLogger(__name__)

AWAY = {0, 408, 429, 502, 503, 504}
"""No answer, or one that asks to try again: OTLP's list, and 408. Any other from 400 on is for good."""
LONGEST_PAUSE = 60.0  # seconds, whatever `Retry-After` says
LAST_TRY = 2.5  # seconds for what waits when the service ends; telemetry.shut_down waits three


class Spooling(SpanProcessor):
    """Gives the exporter of OTLP over HTTP a spool of SPAN_SPOOL_MIB; 0: none, as the SDK has it.

    As the last of the processors it makes `force_flush` wait until the Collector has everything.
    """

    def __init__(self) -> None:
        most = int(os.environ.get("SPAN_SPOOL_MIB") or 16) * 2**20
        self._spool = Spool(most)
        self.exporter_args = {OTLPSpanExporter: {"session": ToSpool(self._spool)}} if most else {}

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._spool.backlog.empty(timeout_millis / 1000)


class ToSpool(Session):
    """The session to hand to an OTLPSpanExporter: each batch goes to the spool.

    Only the first request is prepared: but for their bodies all of an exporter are the same.
    """

    def __init__(self, spool: "Spool") -> None:
        super().__init__()
        self._spool = spool
        for scheme in ("http://", "https://"):
            self.mount(scheme, spool)

    def request(self, method: str, url: str, *, data: bytes, **how: Any) -> Response:  # type: ignore[override]
        if self._spool.prepared:
            return self._spool.keep(data)
        return super().request(method, url, data=data, **how)


class Packed(bytes):
    """A compressed batch."""


class Spool(HTTPAdapter):
    """Keeps batches until they are delivered, `most` bytes of them, compressed where others wait already."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.backlog = Backlog(most)
        self.prepared, self._closing = False, threading.Event()
        self._state, self._full, self._refused = "taken", False, 0
        self._sender = threading.Thread(target=self._run, name="spool", daemon=True)

    def send(self, request: PreparedRequest, *_: Any, **how: Any) -> Response:
        """Remember the request, which the others are like, and keep its body."""
        self._like, self._how, self.prepared = request, how, True
        return self.keep(request.body if isinstance(request.body, bytes) else b"")

    def keep(self, body: bytes) -> Response:
        """Say 200: it is ours now."""
        if self.backlog:  # it will wait. Level 1 makes a fifth of the bytes, and is quick.
            body = Packed(zlib.compress(body, level=1))
        if not self.backlog.put(body) and not self._full:
            log.error("the spool of spans is full with %s: now the oldest go", str(self.backlog))
            self._full = True
        if self._sender.ident is None:
            self._sender.start()
        return _answer(200)

    @property
    def lost(self) -> int:
        """How many batches never were delivered."""
        return self.backlog.gone + self._refused

    def close(self) -> None:
        """Try everything once more, which ends with the first batch that is not taken."""
        if self._closing.is_set():
            return
        self._closing.set()
        self.backlog.close()
        if not self.backlog.empty(LAST_TRY):
            self._give_up()
        super().close()

    def _run(self) -> None:
        pauses = _pauses()
        with suppress_instrumentation():
            while (body := self.backlog.oldest()) is not None:
                last = self._closing.is_set()
                answer = self._post(body)
                if answer.status_code not in AWAY:
                    self._settle(body, answer)
                    pauses = _pauses()
                else:
                    self._say("away", answer)
                    if last:
                        self._give_up()
                    self._closing.wait(max(next(pauses), _asked_to_wait(answer)))

    def _post(self, body: bytes) -> Response:
        """An idle connection may have been closed by the other end: then once more, on a new one."""
        answer = self._try(body)
        return self._try(body) if answer.reason == "ConnectionError" else answer

    def _try(self, body: bytes) -> Response:
        request = self._like.copy()
        request.prepare_body(zlib.decompress(body) if isinstance(body, Packed) else body, None)
        try:
            answer = super().send(request, **self._how)
            answer.content  # noqa: B018 - read to its end, so that the connection is used again
        except Exception as error:  # of any kind: this thread must not end
            return _answer(0, type(error).__name__)
        return answer

    def _settle(self, body: bytes, answer: Response) -> None:
        refused = answer.status_code >= 400
        self._refused += refused
        self._say("refused" if refused else "taken", answer)
        self.backlog.remove(body)

    def _give_up(self) -> None:
        if self.backlog:
            log.error("spans are lost as the service ends: %s", str(self.backlog))
            self.backlog.clear()

    def _say(self, state: str, answer: Response) -> None:
        """Log what is new, once."""
        if state == self._state:
            return
        self._state, why = state, answer.status_code or answer.reason
        if state == "away":
            log.warning("the Collector takes no spans (%s): they wait in memory", why)
        elif state == "refused":
            log.error("the Collector refuses spans (%s): they are dropped", why)
        else:
            self._full = False
            log.warning("the Collector takes spans: %s have waited, lost: %d", str(self.backlog), self.lost)


def _pauses() -> Iterator[float]:
    """Seconds before the next try, with jitter: the services are not to come back all at once."""
    pause = 0.5
    while True:
        yield pause * random.uniform(0.5, 1.0)
        pause = min(2 * pause, 5.0)


def _asked_to_wait(answer: Response) -> float:
    """`Retry-After` in seconds."""
    seconds = answer.headers.get("retry-after", "")
    return min(float(seconds), LONGEST_PAUSE) if seconds.isdecimal() else 0.0


def _answer(status: int, reason: str = "") -> Response:
    answer = Response()
    answer.status_code, answer.reason = status, reason
    return answer
