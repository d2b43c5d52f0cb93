"""The flag file as OpenFeature sees it: targeting, types, reload, and what a missing or broken file means."""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chassis.flag_file import FlagFile, json_logic
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode

VARIABLE = "TEST_FLAG_FILE"
FOR_SEATS = {"if": [{"in": [{"var": "seat"}, ["seat-7", "seat-9"]]}, "on"]}
SEAT_7, SEAT_8 = (EvaluationContext(attributes={"seat": f"seat-{number}"}) for number in (7, 8))


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    os.environ[VARIABLE] = str(tmp_path / "flags.json")
    yield tmp_path / "flags.json"
    del os.environ[VARIABLE]


@pytest.fixture
def provider(file: Path) -> FlagFile:
    return FlagFile(VARIABLE)


@pytest.fixture
def client(provider: FlagFile) -> OpenFeatureClient:
    api.set_provider(provider, "test")
    return api.get_client("test")


def write(file: Path, name: str = "slow", **fields: Any) -> None:
    flag = {"state": "ENABLED", "variants": {"off": 0, "on": 300}, "defaultVariant": "off"}
    new = file.with_suffix(".new")
    new.write_text(json.dumps({"flags": {name: flag | fields}}))
    new.replace(file)


def test_default_variant_is_everybodys(file: Path, client: OpenFeatureClient) -> None:
    write(file, defaultVariant="on")
    found = client.get_integer_details("slow", 0)
    assert (found.value, found.variant, found.reason) == (300, "on", "STATIC")


def test_targeted_variant_is_the_seats_alone(file: Path, client: OpenFeatureClient) -> None:
    write(file, targeting=FOR_SEATS)
    found = client.get_integer_details("slow", 0, SEAT_7)
    assert (found.value, found.variant, found.reason) == (300, "on", "TARGETING_MATCH")
    for other in (SEAT_8, EvaluationContext(), None):
        assert client.get_integer_value("slow", 0, other) == 0


def test_file_that_changes_is_read_again_by_itself(file: Path, client: OpenFeatureClient) -> None:
    for value in (1, 2, 3):  # quicker than a coarse clock ticks: the date alone would not tell
        write(file, variants={"off": 0, "on": value}, defaultVariant="on")
        assert client.get_integer_value("slow", 0) == value
    file.unlink()
    assert client.get_integer_value("slow", 0) == 0


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(True, True), ("gold", "gold"), (300, 300), (0.5, 0.5), (1, 1.0), ({"a": 1}, {"a": 1})],
)
def test_every_type_is_read_as_what_it_is(
    file: Path, client: OpenFeatureClient, value: Any, wanted: Any
) -> None:
    write(file, variants={"off": value, "on": value}, defaultVariant="on")
    read = {
        bool: client.get_boolean_value,
        str: client.get_string_value,
        int: client.get_integer_value,
        float: client.get_float_value,
        dict: client.get_object_value,
    }[type(wanted)]
    found = read("slow", type(wanted)())
    assert found == wanted
    assert type(found) is type(wanted)


def test_value_of_another_type_is_the_default(file: Path, client: OpenFeatureClient) -> None:
    write(file, variants={"off": "0", "on": "much"}, defaultVariant="on")
    found = client.get_integer_details("slow", 7)
    assert (found.value, found.error_code) == (7, ErrorCode.TYPE_MISMATCH)


def test_flag_that_is_missing_is_the_default(file: Path, client: OpenFeatureClient) -> None:
    write(file, name="other")
    found = client.get_integer_details("slow", 7)
    assert (found.value, found.error_code) == (7, ErrorCode.FLAG_NOT_FOUND)


def test_flag_that_is_disabled_is_the_default(file: Path, client: OpenFeatureClient) -> None:
    write(file, state="DISABLED", defaultVariant="on")
    found = client.get_integer_details("slow", 7)
    assert (found.value, found.reason) == (7, "DISABLED")


def test_rule_that_names_no_variant_is_the_default(file: Path, client: OpenFeatureClient) -> None:
    write(file, targeting={"if": [True, "nonsense"]})
    assert client.get_integer_value("slow", 7) == 7


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"flags": 3}',
        '{"flags": {"slow": {}}}',
        '{"flags": {"slow": {"state": "ENABLED", "variants": {"on": 1}, "defaultVariant": "gone"}}}',
        '{"flags": {"slow": {"state": "ENABLED", "variants": {"on": 1}, "defaultVariant": "on",'
        ' "targeting": {"fractional": [1]}}}}',
    ],
)
def test_broken_file_is_no_flag_and_one_line_in_the_log(
    file: Path, client: OpenFeatureClient, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    write(file, defaultVariant="on")
    assert client.get_integer_value("slow", 0) == 300
    file.write_text(text)
    with caplog.at_level(logging.INFO):
        assert [client.get_integer_value("slow", 0) for _ in range(3)] == [0] * 3
    assert [record.message.split(",")[0] for record in caplog.records] == [f"{file} is broken"]
    write(file, defaultVariant="on")
    assert client.get_integer_value("slow", 0) == 300


def test_no_file_or_none_named_is_no_flag_and_nothing_in_the_log(
    file: Path, provider: FlagFile, caplog: pytest.LogCaptureFixture
) -> None:
    for variable in (VARIABLE, "TEST_NO_SUCH_VARIABLE"):
        assert not FlagFile(variable).may_be_on("slow")
    assert not caplog.records


def test_what_is_off_for_everybody_can_be_told_at_once(file: Path, provider: FlagFile) -> None:
    write(file)
    assert not provider.may_be_on("slow")
    for on in ({"defaultVariant": "on"}, {"targeting": FOR_SEATS}):
        write(file, **on)
        assert provider.may_be_on("slow")


@pytest.mark.parametrize(
    ("rule", "result"),
    [
        ({"==": [{"var": "tier"}, "gold"]}, True),
        ({"==": [{"var": ["tier"]}, "silver"]}, False),
        ({"in": [{"var": "seat"}, ["seat-7"]]}, True),
        ({"in": [{"var": "nobody"}, ["seat-7"]]}, False),
        ({"in": [{"var": "seat"}, "seat-7 seat-8"]}, True),
        ({"in": [{"var": "nobody"}, "seat-7 seat-8"]}, False),
        ({"if": [False, "on", True, "very"]}, "very"),
        ({"if": [False, "on", "off"]}, "off"),
        ({"if": [False, "on"]}, None),
        (None, None),
    ],
)
def test_json_logic_as_far_as_faults_need_it(rule: Any, result: Any) -> None:
    assert json_logic(rule, {"seat": "seat-7", "tier": "gold"}) == result


@pytest.mark.parametrize("rule", [{"!": [True]}, {"in": [1]}, {"if": [], "==": []}, {"var": 3}])
def test_json_logic_that_is_not_known_is_said(rule: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (any text will do)
        json_logic(rule, {})
