"""The Collector's configurations, each as it is merged, judged by the binary that runs it."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.native import build

ROOT = Path(__file__).parents[2]
LAYERS = ROOT / "deploy" / "otel-collector"
NATIVE = ROOT / "deploy" / "native"
TIERS = {
    "two-tier/gateway": (build.gateway, ["base", "two-tier/gateway"]),
    "two-tier/sampler": (build.collector, ["base", "tail-sampling", "two-tier/sampler"]),
}
OVERLAYS = {file.stem: (build.collector, ["base", file.stem]) for file in LAYERS.glob("*.yaml")}
MERGED: dict[str, tuple[Callable[[], Path], list[str]]] = OVERLAYS | TIERS
OVERLAY: dict[str, Any] = yaml.safe_load((LAYERS / "tail-sampling.yaml").read_text())


def validate(binary: Callable[[], Path], layers: list[str], *more: str) -> subprocess.CompletedProcess[str]:
    configs = [f"--config={LAYERS / f'{layer}.yaml'}" for layer in layers]
    command = [str(binary()), "validate", *configs, *(f"--config=yaml:{text}" for text in more)]
    return subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False)


@pytest.mark.timeout(600)  # the gateway's binary may have to be built
@pytest.mark.parametrize("name", MERGED)
def test_merged_configuration_is_accepted_by_its_binary(name: str) -> None:
    done = validate(*MERGED[name])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("processors::tail_sampling::decision_weight: 1s", "decision_weight"),
        ("service::pipelines::traces::exporters: [forward]", 'connector "span_metrics" used as receiver'),
    ],
)
def test_mistake_in_a_layer_is_found(wrong: str, says: str) -> None:
    done = validate(*MERGED["tail-sampling"], wrong)
    assert done.returncode != 0
    assert says in done.stderr


def test_every_layer_is_among_them() -> None:
    files = {str(file.relative_to(LAYERS).with_suffix("")) for file in LAYERS.rglob("*.yaml")}
    assert files == {layer for _, layers in MERGED.values() for layer in layers}


def test_gateways_binary_is_the_collectors_and_load_balancing() -> None:
    parts = ("receivers", "processors", "connectors", "exporters", "extensions", "providers")
    collector, gateway = (
        yaml.safe_load((NATIVE / name / "builder.yaml").read_text())
        for name in ("otel-collector", "otel-collector-gateway")
    )
    more = [one["gomod"] for part in parts for one in gateway[part] if one not in collector[part]]
    assert [module.split("/")[-1] for module in more] == ["loadbalancingexporter v0.158.0"]
    assert all(one in gateway[part] for part in parts for one in collector[part])


def test_refusals_that_tail_sampling_knows_are_those_the_shop_makes() -> None:
    """A refusal missing here is only kept too often; a technical error listed here would be lost."""
    (condition,) = OVERLAY["processors"]["tail_sampling"]["policies"][0]["ottl_condition"]["span"]
    listed = condition.partition('"^(')[2].partition(")$")[0].split("|")
    clients = (ROOT / "services/order/clients.py").read_text()
    assert listed == ["out-of-stock", "unknown-sku", "payment-declined"]
    assert all(f'"/problems/{reason}"' in clients or f'"{reason}"' in clients for reason in listed)


def test_span_metrics_are_made_before_anything_is_dropped() -> None:
    pipelines = OVERLAY["service"]["pipelines"]
    assert "span_metrics" in pipelines["traces"]["exporters"]
    assert pipelines["traces/sampled"] == {
        "receivers": ["forward"],
        "processors": ["tail_sampling"],
        "exporters": ["otlp_grpc"],
    }
