"""Faults on demand: business code asks here, a flag file decides, for everybody or for one learner's seat.

Flags are read through OpenFeature's API. FAULTS_FILE names the file; without it every fault is off.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.flag_evaluation import FlagEvaluationDetails, FlagEvaluationOptions, FlagType
from openfeature.hook import Hook, HookContext, HookHints
from opentelemetry import baggage, trace

from . import telemetry
from .flag_file import FlagFile

T = TypeVar("T", bool, int, float, str)
BAGGAGE = {"seat": "shop.seat", "tier": "shop.customer.tier"}  # all that a flag may be decided by
HELD_BACK = 1.5  # seconds; callers give up after one
GIVEN_BACK_LATE = 0.1  # seconds
_TYPES = {bool: FlagType.BOOLEAN, int: FlagType.INTEGER, float: FlagType.FLOAT, str: FlagType.STRING}

_file = FlagFile("FAULTS_FILE")
api.set_provider(_file, "faults")
_client = api.get_client("faults")
_connection = asyncio.Lock()
_chance = random.Random()  # of its own: who seeds the process's for something else changes nothing here


def on(flag: str) -> bool:
    """Whether a fault is on for this request."""
    return _value(flag, False, bool)


async def pause(flag: str) -> None:
    """Wait as many milliseconds as the flag says."""
    if milliseconds := _value(flag, 0, bool):
        await asyncio.sleep(milliseconds / 1000)


def block(flag: str) -> None:
    """As `pause`, but hold up the whole thread: not for the event loop's."""
    if milliseconds := _value(flag, 0, bool):
        time.sleep(milliseconds / 1000)


def strikes(flag: str) -> bool:
    """Whether the fault strikes this time; the flag says how often, from 0.0 to 1.0."""
    drawn = _chance.random()
    return _value(flag, 0.0, lambda share: drawn < share) > 0


def for_tier(flag: str) -> bool:
    """Whether this request's customer is of the tier that the flag names."""
    return _value(flag, "", lambda tier: tier == _asker().get("tier")) != ""


@asynccontextmanager
async def lose_answer(flag: str) -> AsyncIterator[None]:
    """Do what is inside; then, if the fault strikes, be silent until the caller has given up."""
    try:
        yield
    finally:
        if strikes(flag):
            await asyncio.sleep(HELD_BACK)


@asynccontextmanager
async def queue(flag: str) -> AsyncIterator[None]:
    """Do what is inside one at a time, as if there were one connection, which comes back late."""
    if not on(flag):
        yield
        return
    await _connection.acquire()
    try:
        yield
    finally:
        asyncio.get_running_loop().call_later(GIVEN_BACK_LATE, _connection.release)


def _value(flag: str, off: T, acts: Callable[[T], bool]) -> T:
    """Return the flag's value for this request where it acts on it, else `off`."""
    if not _file.may_be_on(flag):  # nearly always; asking OpenFeature costs five times as much
        return off
    about = EvaluationContext(attributes=_asker())
    options = FlagEvaluationOptions(hooks=[_OnSpan(acts)])
    found: Any = _client.evaluate_flag_details(_TYPES[type(off)], flag, off, about, options)
    value: T = found.value
    return value if acts(value) else off


def _asker() -> dict[str, str]:
    """Who asks, from baggage. Nobody where tracing is off: whether baggage still travels then is chance."""
    if telemetry.in_use() is None:
        return {}
    return {name: str(value) for name, key in BAGGAGE.items() if (value := baggage.get_baggage(key))}


class _OnSpan(Hook):
    """Says on the current span which fault acts on it, the last one if there are several."""

    def __init__(self, acts: Callable[[Any], bool]) -> None:
        self._acts = acts

    def after(self, hook_context: HookContext, details: FlagEvaluationDetails[Any], hints: HookHints) -> None:
        if self._acts(details.value):
            name = hook_context.provider_metadata.name if hook_context.provider_metadata else ""
            trace.get_current_span().set_attributes(
                {
                    "feature_flag.key": details.flag_key,
                    "feature_flag.result.variant": details.variant or "",
                    "feature_flag.provider.name": name,
                }
            )
