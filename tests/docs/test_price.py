"""docs/price-of-tracing.md says what was measured on a quiet machine, and which bars that misses."""

from pathlib import Path

import pytest

from loadtest.bench import page
from loadtest.bench.drawn import drawn
from loadtest.bench.figures import BARS, RESULT, read, times, trouble
from loadtest.bench.variants import LEVERS, VARIANTS, Variant
from tests.practice.variant import changed


def test_page_is_what_make_bench_writes() -> None:
    assert page.PAGE.read_text() == page.page()
    assert page.PAGE.with_suffix(".svg").read_text() == drawn(read(RESULT))


def test_all_set_ups_were_measured_on_a_quiet_machine() -> None:
    result = read(RESULT)
    assert set(result["runs"]) == {variant.name for variant in VARIANTS}
    assert 0.9 <= times(result, "off again")[0] <= 1.1
    assert sum(run["failed"] for seen in result["runs"].values() for run in seen) == 0


def test_page_says_of_each_bar_whether_it_holds() -> None:
    result, said = read(RESULT), page.PAGE.read_text()
    missed = {name for name, (bar, most) in BARS.items() if bar(result) > most}
    assert len(trouble(result)) == len(missed)
    for name in BARS:
        line = next(line for line in said.splitlines() if line.startswith(f"| {name} |"))
        assert line.endswith("| **no** |" if name in missed else "| yes |")


@pytest.mark.parametrize("variant", [*VARIANTS, *(lever.without for lever in LEVERS)], ids=lambda v: v.name)
def test_set_up_still_fits_the_services(variant: Variant, tmp_path: Path) -> None:
    changed(tmp_path, *variant.changes)
