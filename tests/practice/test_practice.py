"""Every claim of docs/practice, measured again in short; every number on a page is one that was measured."""

import pytest

from . import pages
from .all import EXPERIMENTS
from .experiment import PAGES, Experiment

BY_NAME = {experiment.name: experiment for experiment in EXPERIMENTS}
FAST = [experiment.name for experiment in EXPERIMENTS if experiment.fast]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", FAST)
def test_claim_measured_again_in_short_holds(name: str) -> None:
    BY_NAME[name].check(BY_NAME[name].run(False))


@pytest.mark.parametrize("name", BY_NAME)
def test_claim_of_a_page_is_what_was_measured(name: str) -> None:
    BY_NAME[name].check(BY_NAME[name].committed())


@pytest.mark.parametrize("name", sorted({experiment.page for experiment in EXPERIMENTS}))
def test_page_is_what_make_practice_writes(name: str) -> None:
    these: list[Experiment] = [experiment for experiment in EXPERIMENTS if experiment.page == name]
    assert (PAGES / f"{name}.md").read_text() == pages.page(name, these)
    for experiment in these:
        for file, svg in experiment.pictures(experiment.committed()).items():
            assert (PAGES / file).read_text() == svg, file
