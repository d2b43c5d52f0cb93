"""Flags and code agree: every flag is read, and none that is not there; `make fault` writes what is read."""

import argparse
import ast
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from chassis import faults

from tools.docs import faults_page
from tools.fault import Wrong, change
from tools.faults import DEFINITIONS, definitions, load, seats, state, switch, switching

ROOT = Path(__file__).parents[2]
BUSINESS = [
    file for file in (ROOT / "services").rglob("*.py") if file.name not in ("faults.py", "flag_file.py")
]
READS = {bool: {"on", "queue"}, int: {"pause", "block"}, float: {"strikes", "lose_answer"}, str: {"for_tier"}}


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    os.environ["FAULTS_FILE"] = str(tmp_path / "faults.json")
    yield tmp_path / "faults.json"
    del os.environ["FAULTS_FILE"]


def calls() -> list[ast.Call]:
    """Every call of `faults.…` in the services."""
    nodes = [node for file in BUSINESS for node in ast.walk(ast.parse(file.read_text()))]
    return [
        node
        for node in nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "faults"
    ]


def test_code_reads_every_flag_and_no_other_each_as_its_type() -> None:
    read: dict[str, set[str]] = {}
    for call in calls():
        (flag,) = call.args
        assert isinstance(flag, ast.Constant), f"line {call.lineno}: write the flag's name at the call"
        assert isinstance(call.func, ast.Attribute)
        read.setdefault(str(flag.value), set()).add(call.func.attr)
    assert set(read) == set(definitions())
    for name, flag in definitions().items():
        assert read[name] <= READS[type(flag["variants"]["on"])], name


def test_flags_are_read_through_chassis_faults_alone() -> None:
    for file in BUSINESS:
        text = file.read_text()
        assert "openfeature" not in text, file
        assert "faults import" not in text, f"{file}: `faults.on(…)` can be found, `on(…)` can't"


def test_every_flag_is_off_as_committed_and_says_what_it_is() -> None:
    for name, flag in definitions().items():
        assert set(flag) == {"state", "variants", "defaultVariant", "metadata"}, name
        assert (flag["state"], flag["defaultVariant"]) == ("ENABLED", "off"), name
        assert not flag["variants"]["off"], name
        assert len({type(value) for value in flag["variants"].values()}) == 1, name
        assert all(flag["variants"][other] for other in flag["variants"] if other != "off"), name
        assert set(flag["metadata"]) == {"scope", "does", "looks"}, name
        assert flag["metadata"]["scope"] in ("per seat", "global"), name


def test_the_page_is_made_from_the_flags() -> None:
    page = (ROOT / "docs" / "faults.md").read_text()
    assert page == faults_page(definitions()), "docs/faults.md is stale: run `make docs`"


def test_share_strikes_about_as_often_as_it_says(file: Path) -> None:
    with switching(file) as flags:
        switch(flags["payment-fails"], "on")
    assert 1000 < sum(faults.strikes("payment-fails") for _ in range(4000)) < 1400  # of 0.3: 1200
    with switching(file) as flags:
        switch(flags["payment-fails"], "always")
    assert all(faults.strikes("payment-fails") for _ in range(200))
    with switching(file) as flags:
        switch(flags["payment-fails"], "off")
    assert not any(faults.strikes("payment-fails") for _ in range(200))


def wanted(name: str | None = None, **more: object) -> argparse.Namespace:
    return argparse.Namespace(**{"name": name, "seat": None, "variant": "on", "off": False} | more)


def test_seats_add_up_and_are_switched_off_one_by_one() -> None:
    flags = definitions()
    for seat, variant in (("seat-7", "on"), ("seat-9", "on"), ("seat-8", "very")):
        change(flags, wanted("payment-slow", seat=seat, variant=variant))
    slow = flags["payment-slow"]
    assert slow["targeting"] == {
        "if": [
            {"in": [{"var": "seat"}, ["seat-7", "seat-9"]]},
            "on",
            {"in": [{"var": "seat"}, ["seat-8"]]},
            "very",
        ]
    }
    change(flags, wanted("payment-slow", seat="seat-7", off=True))
    assert seats(slow) == {"seat-9": "on", "seat-8": "very"}
    change(flags, wanted(seat="seat-8", off=True))
    assert state(slow) == "seat-9: on (300)"
    change(flags, wanted(off=True))
    assert flags == definitions()


def test_everybody_but_one_seat() -> None:
    flags = definitions()
    change(flags, wanted("payment-slow"))
    change(flags, wanted("payment-slow", seat="seat-7", off=True))
    assert state(flags["payment-slow"]) == "on (300), seat-7: off (0)"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (wanted(), "Which one"),
        (wanted("payment-slwo"), "There are payment-slow, payment-fails"),
        (wanted("payment-slow", variant="sometimes"), "It has off, on, very"),
        (wanted("payment-slow", seat="Seat 7"), "no seat"),
        (wanted("inventory-pool-of-one", seat="seat-7"), "is global"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(asked: argparse.Namespace, says: str) -> None:
    flags = definitions()
    with pytest.raises(Wrong, match=says):
        change(flags, asked)
    assert flags == definitions()


def test_file_is_replaced_at_once_and_others_may_read_it(file: Path) -> None:
    with switching(file) as flags:
        switch(flags["mongo-slow"], "on", "seat-7")
    assert load(file) == flags
    assert (file.stat().st_mode & 0o777, file.parent.joinpath("faults.json").exists()) == (0o644, True)
    assert {each.name for each in file.parent.iterdir()} == {"faults.json", ".faults-lock"}


@pytest.mark.parametrize("text", ["{", '{"flags": {"gone": {"defaultVariant": "on"}}}', '{"flags": []}'])
def test_file_that_is_broken_or_of_another_release_does_not_stop_anybody(file: Path, text: str) -> None:
    file.write_text(text)
    assert load(file) == definitions()


def test_definitions_are_what_flagd_reads() -> None:
    """As far as its schema can be held to without it: the fields and the types of the metadata."""
    document = json.loads(DEFINITIONS.read_text())
    assert document["$schema"] == "https://flagd.dev/schema/v0/flags.json"
    for flag in document["flags"].values():
        assert all(isinstance(value, str | int | float | bool) for value in flag["metadata"].values())
