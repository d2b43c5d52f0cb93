"""A metric's dimensions, by the contract and by the Collector's configuration: none has endless values."""

import pytest

from tests.contract import CONTRACT
from tests.docs.dashboards import COLLECTOR

CARDINALITY = {attribute["name"]: attribute["cardinality"] for attribute in CONTRACT["attributes"]}


@pytest.mark.parametrize("metric", CONTRACT["metrics"], ids=lambda metric: metric["name"])
def test_metric_has_no_unbounded_dimension(metric: dict[str, list[str]]) -> None:
    """What is on no span is on the list of the metric alone, and tests/practice counts its values."""
    assert [name for name in metric["dimensions"] if CARDINALITY.get(name) == "unbounded"] == []


def test_metrics_made_of_spans_have_bounded_dimensions_and_a_limit() -> None:
    spans = COLLECTOR["connectors"]["span_metrics"]
    dimensions = [one["name"] for one in spans["dimensions"]]
    assert dimensions
    assert {CARDINALITY[name] for name in dimensions} <= {"enum", "bounded"}
    assert spans["aggregation_cardinality_limit"] > 0
    assert spans["resource_metrics_key_attributes"] == ["service.name"]
