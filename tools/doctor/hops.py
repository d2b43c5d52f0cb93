"""Asks every part by itself: does it run, is it the right one, is it set up?"""

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, NamedTuple

import httpx

from deploy.native.programs import MONGO

from .bounded import together
from .faults import Finding, ill
from .system import SERVICES, System

SECONDS = 3.0
SKEW = 3.0  # seconds; `date` counts whole ones
AGAIN = 2
"""A server makes its `date` once a second, if it gets to it: a busy one is late, and right a moment later."""


class Answer(NamedTuple):
    """What a part answered, None when nothing; `skew`: seconds its clock is from ours."""

    status: int
    document: dict[str, Any] | None
    skew: float


def ask_all(system: System) -> dict[str, Answer]:
    """Ask every part that speaks HTTP at once; those that do not answer are left out."""
    questions = {name: partial(_ask, url) for name, url in _urls(system).items()}
    return {
        name: answer
        for name, answer in together(questions, SECONDS + 1 + AGAIN).items()
        if answer is not None
    }


def judge(system: System, answers: dict[str, Answer]) -> Iterator[Finding]:
    """Yield what each part said, in the order a span travels."""
    silent = {
        name: _silent(system, name, url, answers.get(name))
        for name, url in _urls(system).items()
        if name not in answers or answers[name].document is None
    }
    if set(silent) == set(_urls(system)):
        yield from _nothing_runs(system, silent)
        return
    for name in SERVICES:
        yield from [silent[name]] if name in silent else _service(name, answers[name])
    yield from _mongo(system, {name: answers[name] for name in SERVICES if name not in silent})
    yield silent.get("otel-collector") or _intake(system)
    yield silent.get("jaeger") or Finding("jaeger", "answers")


def _urls(system: System) -> dict[str, str]:
    where = system.where
    services = {name: f"{getattr(where, name)}/readyz" for name in SERVICES}
    return services | {"otel-collector": where.collector_health, "jaeger": f"{where.jaeger}/api/v3/services"}


def _ask(url: str) -> Answer | None:
    """Its answer; where the clock looks wrong, the one of some in which it looks least so."""
    answer = _ask_once(url)
    for _ in range(AGAIN):
        if answer is None or abs(answer.skew) <= SKEW:
            break
        time.sleep(1)
        if again := _ask_once(url):
            answer = min(answer, again, key=lambda one: abs(one.skew))
    return answer


def _ask_once(url: str) -> Answer | None:
    asked = time.time()
    try:
        answer = httpx.get(url, timeout=SECONDS, trust_env=False)
    except httpx.HTTPError:
        return None
    skew = 0.0
    if date := answer.headers.get("date"):
        theirs = parsedate_to_datetime(date).timestamp()
        skew = min(0.0, theirs + 1 - asked) + max(0.0, theirs - time.time())
    try:
        document = answer.json()
    except ValueError:
        document = None
    ours = isinstance(document, dict) and ("/readyz" not in url or "telemetry" in document)
    return Answer(answer.status_code, document if ours else None, skew)


def _silent(
    system: System, name: str, url: str, answer: Answer | None, down: str = "program-down"
) -> Finding:
    """Tell apart why there is no answer, or not the one `name` would give."""
    own, others = system.holders(name)
    if others or answer:
        return ill("port-taken", name, url=url, taken=others or f"what answers there is not {name}")
    return ill("program-hangs" if own else down, name, url=url, problem=f"nothing answers at {url}")


def _nothing_runs(system: System, silent: dict[str, Finding]) -> Iterator[Finding]:
    """`make up` starts nothing when a port is taken: then that is all there is to say."""
    reasons = [finding for finding in silent.values() if finding.fault != "program-down"]
    yield from reasons or [ill("nothing-runs", "everything", url=system.where.order)]


def _service(name: str, answer: Answer) -> Iterator[Finding]:
    state = answer.document or {}
    traces, findings = state.get("traces"), list[Finding]()
    if state["telemetry"] != "ok":
        findings.append(ill("telemetry-not-configured", name, problem=state["telemetry"]))
    elif traces is None:
        findings.append(ill("sdk-disabled", name))
    elif not any(each.strip().startswith("otlp") for each in traces["exporter"].split(",")):
        findings.append(ill("exporter-not-otlp", name, exporter=traces["exporter"]))
    if abs(answer.skew) > SKEW:
        findings.append(ill("clock-skew", name, seconds=answer.skew))
    yield from findings or [Finding(name, "answers, its telemetry is set up, its clock is right")]


def _mongo(system: System, services: dict[str, Answer]) -> Iterator[Finding]:
    problems = {
        name: (answer.document or {})["mongodb"]
        for name, answer in services.items()
        if (answer.document or {})["mongodb"] != "ok"
    }
    if problems and len(problems) == len(services) and MONGO.trouble(system.env):
        url = MONGO.url(system.env)
        yield _silent(system, "mongo", url, None, down="mongodb-down")
    elif problems:
        for name, problem in problems.items():
            yield ill("mongodb-url", name, problem=problem)
    elif services:
        yield Finding("mongo", "answers every service")


def _intake(system: System) -> Finding:
    """An empty request: a Collector that takes traces says 200, one without such a pipeline 404."""
    url = f"http://127.0.0.1:{system.env['OTLP_HTTP_PORT']}/v1/traces"
    try:
        status = httpx.post(url, json={}, timeout=SECONDS, trust_env=False).status_code
    except httpx.HTTPError as error:
        return ill("collector-no-traces", "otel-collector", status=type(error).__name__, url=url)
    if status != 200:
        return ill("collector-no-traces", "otel-collector", status=status, url=url)
    return Finding("otel-collector", "answers and takes traces")
