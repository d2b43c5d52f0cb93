"""Secrets through every input and every fault: none may be seen, with the Collector's redaction and without.

The Collector stands between two sinks: what the services send is redaction off, what it passes on is on.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.canary.faults import FAULTS, QUICK, ROOM
from tests.canary.inputs import attacks
from tests.canary.rig import Rig, rig
from tests.canary.secrets import Hit, Mint
from tests.canary.sinks import spans
from tests.shop_processes import NAMES


@dataclass
class Siege:
    """A rig that has stopped, and who made the secrets."""

    rig: Rig
    mint: Mint
    forwarded: Mint

    def hits(self) -> list[Hit]:
        return self.mint.find(self.rig.everything())


@pytest.fixture(scope="module")
def inputs() -> Iterator[Siege]:
    """All inputs, the services in order."""
    mint, forwarded = Mint(random.Random()), Mint(random.Random())
    with rig() as running:
        running.send(attacks(mint, forwarded, running.documents()))
        running.stop()
        yield Siege(running, mint, forwarded)


@pytest.fixture(scope="module")
def faults() -> Iterator[Siege]:
    """All faults, one after the other; each shows by its answers that it was met."""
    mint = Mint(random.Random())
    with rig(**QUICK, **ROOM) as running:
        for fault, expected in FAULTS:
            found = {answer.status for _, answers in fault(running, mint) for answer in answers}
            assert expected <= found, f"{fault.__name__} was not met: {found}"
        running.stop()
        yield Siege(running, mint, Mint(random.Random()))


def shown(hits: list[Hit]) -> str:
    return "\n".join([f"{len(hits)} hits, first of all:", *map(str, hits[:10])])


def test_secrets_through_every_input_are_nowhere(inputs: Siege) -> None:
    assert not inputs.hits(), shown(inputs.hits())


def test_secrets_through_every_fault_are_nowhere(faults: Siege) -> None:
    assert not faults.hits(), shown(faults.hits())


def test_every_request_was_answered_and_its_trace_searched(inputs: Siege) -> None:
    """A search that finds nothing because there was nothing to search would pass as well."""
    sent = {span.trace_id.hex() for request in inputs.rig.tee.kept for span in spans(request)}
    statuses: Counter[int] = Counter()
    for attack, answers in inputs.rig.answers:
        assert answers, attack.kind
        statuses.update(answer.status for answer in answers)
        traces = {a.headers["traceresponse"].split("-")[1] for a in answers if "traceresponse" in a.headers}
        assert traces <= sent, attack.kind
    assert {200, 201, 204, 400, 404, 405, 422} <= set(statuses)


@pytest.mark.parametrize("siege", ["inputs", "faults"])
def test_every_kind_of_place_was_searched(siege: str, request: pytest.FixtureRequest) -> None:
    running: Rig = request.getfixturevalue(siege).rig
    sent, passed_on = (
        {where for where, _ in texts() for where in where.split(".")}
        for texts in (running.sent, running.passed_on)
    )
    assert {"name", "string_value"} <= sent & passed_on
    assert any(part.startswith("metrics[") for part in sent)
    assert any("trace_id=" in line for where, line in running.passed_on() if where == "exported metrics")
    assert {where for where, _ in running.logged()} >= {f"log of {name}" for name in NAMES}
    calls = {where for where, _ in running.headers() if where.startswith("call of")}
    assert calls == {"call of inventory", "call of payment"}


def test_what_a_client_wrote_in_tracestate_is_in_tracestate_alone(inputs: Siege) -> None:
    """It is exempt, so it is looked at by itself."""
    assert inputs.forwarded.find(inputs.rig.forwarded())
    assert not inputs.forwarded.find(inputs.rig.everything())
    assert not inputs.mint.find(inputs.rig.forwarded())


def test_faults_left_errors_without_their_texts(faults: Siege) -> None:
    """They were there: red spans and exception events, which say what class of error it was."""
    every = [span for request in faults.rig.tee.kept for span in spans(request)]
    red = [span for span in every if span.status.code == 2]
    why = {pair.value.string_value for span in red for pair in span.attributes if pair.key == "error.type"}
    classes = {each.rpartition(".")[2] for each in why}
    assert {"DuplicateKeyError", "ValidationError", "RemoteProtocolError", "ConnectError", "500"} <= classes
    assert all(any(pair.key == "error.type" for pair in span.attributes) for span in red)
    assert {event.name for span in every for event in span.events} == {"exception"}
