"""Rounds: the set-ups measured side by side, each started anew for every round."""

import contextlib
import random
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.practice.experiment import made

from .backend import Backend
from .figures import Result
from .interpreter import interpreter
from .measure import Seen, at_saturation, both, half_of_saturation, side_by_side, warm_up, weigh
from .shop import Shop
from .variants import ALL, ELSEWHERE, Variant


def bench(chosen: list[Variant], backend: Backend, directory: Path, asked: Namespace) -> Iterator[Result]:
    """Yield all that was seen so far, by set-up and round, after every round."""
    weighed = [variant for variant in chosen if ELSEWHERE not in variant.environment.values()]
    weights = {}
    for number, variant in enumerate(weighed, 1):
        print(f"weighing {number:2} of {len(weighed)}: {variant.name}", flush=True)
        weights[variant.name] = weigh(variant, directory / f"weighed-{number}", asked.python, 60)
    runs: dict[str, list[Seen]] = {variant.name: [] for variant in chosen}
    pace, *shops = (
        Shop(variant, directory / f"shop-{place}", asked.python, backend.url(variant))
        for place, variant in enumerate([replace(ALL, name="the pace"), *chosen])
    )
    for number in range(asked.rounds):
        where = f"round {number + 1} of {asked.rounds}"
        for name, seen in one_round(shops, pace, backend, where, asked).items():
            runs[name].append({what: round(value, 7) for what, value in seen.items()})
        yield {"made": made(Python=str(interpreter(asked.python))), "runs": runs, "weights": weights}


def one_round(
    shops: list[Shop], pace: Shop, backend: Backend, where: str, asked: Namespace
) -> dict[str, Seen]:
    """All stand side by side, the slow ones only at saturation: they could not take the rate.

    `pace`: a traced shop that says what the rate is. It is not compared: what is asked for the rate would be
    orders that the others do not have.
    """

    def behind(shop: Shop) -> list[int]:
        return backend.pids(shop.variant.collector)

    def rate() -> float:
        found = asked.rate or half_of_saturation(pace, asked.orders // 2)
        print(f"{where}: {len(quick)} side by side at {found:.1f} orders a second", flush=True)
        return found

    quick = [shop for shop in shops if not shop.variant.slow]
    with _all_open([pace, *shops] if quick else shops):
        steady = side_by_side(quick, rate, asked.seconds) if quick else {}
        full = at_saturation(shops, behind, asked.orders)
    seen = {name: both(steady.get(name, {}), full[name]) for name in full}
    for variant in (shop.variant for shop in shops):
        print(f"{where}: {_line(variant, seen[variant.name])}", flush=True)
    return seen


@contextlib.contextmanager
def _all_open(shops: list[Shop]) -> Iterator[None]:
    with contextlib.ExitStack() as ends:
        for place, shop in enumerate(random.sample(shops, len(shops)), 1):  # the first is dearer
            print(f"starting {place:2} of {len(shops)}: {shop.variant.name}", flush=True)
            warm_up(ends.enter_context(shop.open()))
        yield


def _line(variant: Variant, seen: Seen) -> str:
    p99 = f"p99 {seen['p99']:6.1f} ms" if "p99" in seen else ""
    return f"{variant.name:16} {seen['cpu_ms']:6.2f} ms/order {seen['saturation']:6.1f}/s  {p99}"
