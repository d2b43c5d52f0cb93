"""Sends attacks over raw sockets, a few at once, and keeps what came back. Every wait has an end."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tests.fuzz.corpus import Attack
from tests.fuzz.judge import complaint

AT_ONCE = 16
PATIENCE = 15.0  # seconds; nothing here may take the shop that long


@dataclass(frozen=True)
class Answer:
    """An HTTP answer as it came over the wire; names of headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Outcome:
    """What became of a siege."""

    sent: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    created: list[bytes] = field(default_factory=list)  # bodies of the answers to POST /orders

    def take(self, attack: Attack, answers: list[Answer]) -> None:
        self.sent += 1
        self.kinds[attack.kind] += 1
        shown = f"{attack.kind}, {attack.service}: {attack.raw[:300]!r}"
        if not answers and attack.ending != "cut":
            self.complaints.append(f"no answer to {shown}")
        for answer in answers:
            self.statuses[answer.status] += 1
            method = attack.method if answer is answers[0] else ""
            if wrong := complaint(answer.status, answer.headers, answer.body, method=method):
                self.complaints.append(f"{wrong}: answer to {shown}")
            if attack.refuse and answer.status < 400:
                self.complaints.append(f"{answer.status} where only a refusal is right: answer to {shown}")
        if attack.raw.startswith(b"POST /orders "):
            self.created += [answer.body for answer in answers]


class Line:
    """A connection to one service, kept for the next request where the last one left it clean."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, attack: Attack) -> list[Answer]:
        """Return the answers; none where the server closed the connection, or took too long."""
        kept = self._open is not None
        answers: list[Answer] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                answers = await self._exchange(attack)
                if not answers and kept and attack.ending == "whole":
                    await self.close()  # the server had closed the idle connection before it read anything
                    answers = await self._exchange(attack)
        if attack.ending != "whole" or not answers or answers[-1].headers.get("connection") == "close":
            await self.close()
        return answers

    async def _exchange(self, attack: Attack) -> list[Answer]:
        if self._open is None:
            self._open = await asyncio.open_connection("127.0.0.1", self._port, limit=2**20)
        reader, writer = self._open
        writer.write(attack.raw)
        answers = []
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            if attack.ending != "cut":
                answers.append(await read_answer(reader, attack.method))
            if attack.ending != "whole":
                writer.write_eof()
                while True:
                    answers.append(await read_answer(reader, ""))
        return answers

    async def close(self) -> None:
        if self._open:
            self._open[1].close()
            with contextlib.suppress(ConnectionError):
                await self._open[1].wait_closed()
        self._open = None


async def read_answer(reader: asyncio.StreamReader, method: str) -> Answer:
    """Read one answer; those that only say «go on» (1xx) are skipped."""
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ")[1])
        headers = {}
        for line in filter(None, head[1:]):
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        if status >= 200:
            break
    assert "transfer-encoding" not in headers  # the shop has no streams
    length = 0 if method == "HEAD" or status == 204 else int(headers["content-length"])
    return Answer(status, headers, await reader.readexactly(length))


async def besiege(ports: dict[str, int], attacks: Iterable[Attack]) -> Outcome:
    """Send all attacks, AT_ONCE at a time, and return what became of them."""
    outcome, queue = Outcome(), iter(attacks)
    async with asyncio.TaskGroup() as workers:
        for _ in range(AT_ONCE):
            workers.create_task(_work(ports, queue, outcome))
    return outcome


async def _work(ports: dict[str, int], queue: Iterator[Attack], outcome: Outcome) -> None:
    lines = {service: Line(port) for service, port in ports.items()}
    try:
        for attack in queue:
            outcome.take(attack, await lines[attack.service].send(attack))
    finally:
        for line in lines.values():
            await line.close()
