"""Schemathesis over the three OpenAPI documents: examples, edge cases, random data and chains of calls."""

import contextlib
from collections import Counter
from dataclasses import dataclass, field

import pytest
import schemathesis
from schemathesis.engine import events, from_schema

from tests.fuzz.judge import complaint
from tests.support import ShopInProcess

SEED = 20260
SERVICES = ("order", "inventory", "payment")
CASES = 3_000
CONFIG = {
    "seed": SEED,
    "generation": {"max-examples": 180, "database": "none", "no-shrink": True},
    "suppress-health-check": ["all"],
    "checks": {"enabled": False, "not_a_server_error": {"enabled": True}},
}
# Hypothesis says the first of a long random body; the cases are no less good for it. The second it says of
# the services, which share this process and its `random` (MongoDB's driver chooses a server by it, the SDK
# makes ids).
pytestmark = pytest.mark.filterwarnings(
    "ignore:Generating overly large repr:hypothesis.errors.HypothesisWarning",
    "ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning",
)


@dataclass
class Found:
    """What became of all the cases against one service."""

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)

    def take(self, scenario: events.ScenarioFinished) -> None:
        """Judge every answer of one scenario."""
        recorder = scenario.recorder
        for case_id, interaction in recorder.interactions.items():
            case = recorder.cases[case_id].value
            self.cases += 1
            self.operations[case.operation.label] += 1
            if (answer := interaction.response) is None:
                self.complaints.append(f"no answer: {case.as_curl_command()}")
                continue
            self.statuses[answer.status_code] += 1
            headers = {name.lower(): ", ".join(values) for name, values in answer.headers.items()}
            if wrong := complaint(answer.status_code, headers, answer.content, method=case.method):
                self.complaints.append(f"{wrong}: {case.as_curl_command()}")


def run(document: str) -> Found:
    """Run every phase of Schemathesis against the service that serves this OpenAPI document."""
    schema = schemathesis.openapi.from_url(document, config=schemathesis.Config.from_dict(CONFIG))
    found = Found()
    with contextlib.closing(iter(from_schema(schema).execute())) as stream:
        for event in stream:
            if isinstance(event, events.ScenarioFinished):
                found.take(event)
            elif isinstance(event, events.NonFatalError):
                found.complaints.append(f"{event.label}: {event.value!r}")
            elif isinstance(event, events.FatalError):
                raise event.exception
    return found


@pytest.fixture(scope="module")
def results(shop: ShopInProcess) -> dict[str, Found]:
    """The whole run, once, for the tests below to look at."""
    found = {name: run(f"{getattr(shop, name).base_url}/openapi.json") for name in SERVICES}
    print(f"\nseed {SEED}")
    for name, each in found.items():
        print(f"{name}: {each.cases} cases, {dict(sorted(each.statuses.items()))}")
    return found


@pytest.mark.parametrize("name", SERVICES)
def test_generated_requests_get_no_5xx_and_only_problem_documents(
    results: dict[str, Found], name: str
) -> None:
    complaints = results[name].complaints
    assert not complaints, f"{len(complaints)} complaints, first of all:\n" + "\n".join(complaints[:5])


def test_generated_requests_are_at_least_3000_and_reach_every_operation(results: dict[str, Found]) -> None:
    assert sum(each.cases for each in results.values()) >= CASES
    reached = {name: len(each.operations) for name, each in results.items()}
    assert reached == {"order": 3, "inventory": 5, "payment": 3}
    # Both sides of the contract were seen: requests that are right, and requests that are wrong.
    assert all({200, 405, 415, 422} <= set(each.statuses) for each in results.values())
