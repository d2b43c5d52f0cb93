"""docker-compose.yml and the Dockerfiles, read as files: ports, pinned images, hardened containers.

No Docker here; the compose layer runs them for real.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.compose.images import compose_file

ROOT = Path(__file__).parents[2]
COMPOSE = compose_file()
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
SHOP = {"order": "8000", "inventory": "8001", "payment": "8002"}
BUILT = [*SHOP, "load"]
DEFAULT = {name: container for name, container in CONTAINERS.items() if "profiles" not in container}
PROFILES = {"load": {"load"}, "observability": {"prometheus", "loki", "grafana"}}
ONCE = {name for name, container in CONTAINERS.items() if container["restart"] == "no"}
CONFIGS = {
    "otel-collector": ROOT / "deploy/otel-collector/base.yaml",
    "jaeger": ROOT / "deploy/jaeger/badger.yaml",
}
PORTS = dict(re.findall(r"(?m)^(\w+_PORT)=(\d+)$", (ROOT / ".env.example").read_text()))
NATIVE_ONLY = {"JAEGER_OTLP_PORT"}  # in Docker the Collector reaches it inside, nobody outside has to


def dockerfile(name: str) -> list[str]:
    """The instructions, each on one line, without comments."""
    text = (ROOT / CONTAINERS[name]["build"]["dockerfile"]).read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return [line for line in "\n".join(lines).replace("\\\n", "").splitlines() if line]


def values(name: str, instruction: str) -> list[str]:
    return [line.split(maxsplit=1)[1] for line in dockerfile(name) if line.split()[0] == instruction]


def test_published_ports_are_those_of_the_table_and_on_loopback() -> None:
    published = [port for container in CONTAINERS.values() for port in container.get("ports", [])]
    found = [re.fullmatch(r"127\.0\.0\.1:\$\{(\w+):-(\d+)\}:(\d+)", port) for port in published]
    assert all(found), published
    assert {(m[1], m[2], m[3]) for m in found if m} == {
        (name, default, default) for name, default in PORTS.items() if name not in NATIVE_ONLY
    }


@pytest.mark.parametrize("name", CONFIGS)
def test_mounted_configuration_reads_what_compose_sets_and_listens_where_it_publishes(name: str) -> None:
    read = dict(re.findall(r"\$\{env:(\w+):-([^}]*)\}", CONFIGS[name].read_text()))
    assert set(CONTAINERS[name]["environment"]) - {"GOMEMLIMIT", "GOGC"} <= set(read)
    assert {key: value for key, value in read.items() if key in PORTS}.items() <= PORTS.items()
    source, target, mode = CONTAINERS[name]["volumes"][0].split(":")
    assert mode == "ro"
    (first, *_), mounted = CONTAINERS[name]["command"], ROOT / source
    assert mounted in (CONFIGS[name], CONFIGS[name].parent)  # the file, or the directory with its overlays
    assert first == f"--config={target}{'' if mounted.is_file() else '/' + CONFIGS[name].name}"


def test_an_overlay_of_the_collector_comes_between_its_base_and_its_memory_limit() -> None:
    base, overlay, last = CONTAINERS["otel-collector"]["command"]
    assert overlay == base.replace("base", "${COLLECTOR_OVERLAYS:-base}")
    assert "memory_limiter" in last


@pytest.mark.parametrize("name", CONTAINERS)
def test_environment_inside_keeps_the_default_ports(name: str) -> None:
    assert not set(CONTAINERS[name].get("environment", {})) & set(PORTS)


def test_images_are_pinned_to_a_release() -> None:
    images = [container["image"] for container in CONTAINERS.values() if "image" in container]
    assert len(images) == len(CONTAINERS) - len(BUILT)
    assert [image for image in images if not re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", image)] == []


def test_collector_and_jaeger_are_the_releases_the_native_run_builds() -> None:
    builder = yaml.safe_load((ROOT / "deploy/native/otel-collector/builder.yaml").read_text())
    assert CONTAINERS["otel-collector"]["image"].split(":")[1] == builder["dist"]["version"]
    module = re.search(
        r"github\.com/jaegertracing/jaeger (v\S+)", (ROOT / "deploy/native/jaeger/go.mod").read_text()
    )
    assert module
    # Jaeger's modules kept counting in v1 while its releases are v2.
    assert {"v1.76.0": "2.13.0"}[module[1]] == CONTAINERS["jaeger"]["image"].split(":")[1]


@pytest.mark.parametrize("name", CONTAINERS)
def test_container_has_no_root_no_capabilities_and_bounded_memory(name: str) -> None:
    container = CONTAINERS[name]
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    user, group = container["user"].split(":")
    assert int(user) > 0
    assert int(group) > 0
    assert re.fullmatch(r"\d+m", container["mem_limit"])
    assert not set(container) & {"privileged", "cap_add", "pid", "ipc", "devices"}


def test_who_watches_has_less_of_the_cpu_than_who_is_watched() -> None:
    shares = {name: container.get("cpu_shares", 1024) for name, container in DEFAULT.items()}
    assert max(shares["jaeger"], shares["otel-collector"]) < min(shares[name] for name in (*SHOP, "mongo"))


def test_memory_limits_together_stay_below_one_gibibyte() -> None:
    running = [container for name, container in DEFAULT.items() if name not in ONCE]
    assert len(running) <= 7
    assert sum(int(container["mem_limit"].removesuffix("m")) for container in running) < 1024


def test_container_that_ends_is_waited_for_by_its_user_so_that_up_wait_accepts_it() -> None:
    waited_for = {
        needed
        for container in CONTAINERS.values()
        if isinstance(container.get("depends_on"), dict)
        for needed, how in container["depends_on"].items()
        if how["condition"] == "service_completed_successfully"
    }
    assert waited_for == ONCE


@pytest.mark.parametrize("name", sorted(CONTAINERS.keys() - ONCE - {"otel-collector"}))
def test_container_with_a_shell_or_python_has_a_health_check(name: str) -> None:
    assert CONTAINERS[name]["healthcheck"]["test"][0] == "CMD"
    assert CONTAINERS[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SHOP)
def test_service_gets_its_telemetry_by_the_standard_variables(name: str) -> None:
    environment = CONTAINERS[name]["environment"]
    assert {key: value for key, value in environment.items() if key.startswith("OTEL_")} == {
        "OTEL_SERVICE_NAME": name,
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel-collector:4318",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_LOGS_EXPORTER": "${OTEL_LOGS_EXPORTER:-none}",
        "OTEL_PROPAGATORS": "tracecontext,baggage",
        "OTEL_RESOURCE_ATTRIBUTES": (
            "service.namespace=spanshop,service.version=0.1.0,deployment.environment.name=compose"
        ),
        "OTEL_SEMCONV_STABILITY_OPT_IN": "http,database",
        "OTEL_TRACES_SAMPLER": "${OTEL_TRACES_SAMPLER:-parentbased_always_on}",
        "OTEL_TRACES_SAMPLER_ARG": None,  # passed on if it is set
        "OTEL_BSP_SCHEDULE_DELAY": 250,
        "OTEL_METRIC_EXPORT_INTERVAL": 5000,
    }


def test_volumes_are_all_named_and_used() -> None:
    mounts = [mount for container in CONTAINERS.values() for mount in container.get("volumes", [])]
    named = {mount.split(":")[0] for mount in mounts if not mount.startswith("./")}
    data = {"mongo-data", "jaeger-data", "collector-queue", "prometheus-data", "loki-data"}
    assert named == set(COMPOSE["volumes"]) == data
    assert all(mount.endswith(":ro") for mount in mounts if mount.startswith("./"))


def test_profiles_add_and_nothing_of_the_default_needs_them() -> None:
    for profile, names in PROFILES.items():
        assert {name for name in CONTAINERS if CONTAINERS[name].get("profiles") == [profile]} == names
    assert set(DEFAULT) == set(CONTAINERS) - set().union(*PROFILES.values())
    assert set().union(*(one.get("depends_on", ()) for one in DEFAULT.values())) <= set(DEFAULT)


def test_prometheus_keeps_a_bounded_time_and_size_in_a_volume_of_its_user() -> None:
    command = dict(part.split("=", 1) for part in CONTAINERS["prometheus"]["command"])
    assert {"--storage.tsdb.retention.time", "--storage.tsdb.retention.size"} <= set(command)
    config, data = CONTAINERS["prometheus"]["volumes"]
    assert config == f"./deploy/prometheus/prometheus.yml:{command['--config.file']}:ro"
    assert data == f"prometheus-data:{command['--storage.tsdb.path']}"


def test_loki_is_where_the_collector_sends_and_keeps_logs_as_long_as_jaeger_keeps_traces() -> None:
    config = yaml.safe_load((ROOT / "deploy/loki/loki.yaml").read_text())
    mount, data = CONTAINERS["loki"]["volumes"]
    assert mount == "./deploy/loki/loki.yaml:/etc/loki/loki.yaml:ro"
    assert CONTAINERS["loki"]["command"] == ["-config.file=/etc/loki/loki.yaml"]
    assert data.split(":")[1] == config["common"]["path_prefix"]
    assert CONTAINERS["otel-collector"]["environment"]["LOKI_HOST"] == "loki"
    assert str(config["server"]["http_listen_port"]) == PORTS["LOKI_PORT"]
    kept = re.search(r"JAEGER_TRACE_TTL:-(\w+)}", CONFIGS["jaeger"].read_text())
    assert kept
    assert config["limits_config"]["retention_period"] == kept[1]
    assert config["compactor"]["retention_enabled"] is True
    assert config["analytics"]["reporting_enabled"] is False


def test_a_process_is_no_label_of_loki() -> None:
    """Each label's value is a stream of its own; ids of processes are new at every start."""
    config = yaml.safe_load((ROOT / "deploy/loki/loki.yaml").read_text())
    resource = config["limits_config"]["otlp_config"]["resource_attributes"]
    assert resource["ignore_defaults"] is True
    labels = {name for one in resource["attributes_config"] for name in one["attributes"]}
    assert labels == {"service.name", "service.namespace", "deployment.environment.name"}


def test_load_image_has_locust_and_the_files_of_the_load_only() -> None:
    sources = {copy.split()[0] for copy in values("load", "COPY") if not copy.startswith("--from")}
    assert sources == {"requirements/loadtest.txt", "loadtest/*.py"}
    assert values("load", "USER") == [CONTAINERS["load"]["user"]]
    assert values("load", "FROM")[0].split(" AS ")[0] == values("order", "FROM")[0].split(" AS ")[0]
    assert "locust==2.47.0" in (ROOT / "requirements/loadtest.txt").read_text()
    code = "".join(file.read_text() for file in (ROOT / "loadtest").glob("*.py"))
    read = set(re.findall(r'(?:environ\.get\(|env_var=)"(\w+)"', code)) - {"LOAD_JOURNAL"}  # it has no report
    others = {"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"}
    assert read | others | {"LOCUST_PROCESSES"} == set(CONTAINERS["load"]["environment"])


@pytest.mark.parametrize("name", BUILT)
def test_dockerfile_pins_its_base_and_installs_by_hash(name: str) -> None:
    assert len({image.split(" AS ")[0] for image in values(name, "FROM")}) == 1
    assert all(re.match(r"python:3\.11\.\d+-slim-\w+( AS build)?$", image) for image in values(name, "FROM"))
    (install,) = [line for line in values(name, "RUN") if "pip install" in line]
    assert {"--require-hashes", "--only-binary"} <= set(install.split())
    assert not {"apt-get", "apk"} & set(" ".join(dockerfile(name)).split())


@pytest.mark.parametrize("name", SHOP)
def test_dockerfile_runs_one_service_as_a_user_without_rights(name: str) -> None:
    assert values(name, "USER") == [CONTAINERS[name]["user"]]
    sources = {copy.split()[0] for copy in values(name, "COPY") if not copy.startswith("--from")}
    assert sources == {"requirements/services.txt", "services/chassis", f"services/{name}"}
    (command,) = values(name, "CMD")
    assert command == (
        f'["python", "-m", "uvicorn", "{name}.main:app", "--host", "0.0.0.0", '
        f'"--port", "{SHOP[name]}", "--no-access-log", "--timeout-keep-alive", "60"]'
    )
    assert CONTAINERS[name]["build"] == {"context": ".", "dockerfile": f"services/{name}/Dockerfile"}
    assert f"http://127.0.0.1:{SHOP[name]}/readyz" in CONTAINERS[name]["healthcheck"]["test"][-1]


def test_dockerfiles_differ_in_name_and_port_only() -> None:
    bodies = {
        "\n".join(dockerfile(name)).replace(name, "NAME").replace(port, "PORT") for name, port in SHOP.items()
    }
    assert len(bodies) == 1


def test_build_context_holds_only_what_is_listed() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert patterns[0] == "*"
    assert [line for line in patterns if line.startswith("!")] == [
        "!requirements/services.txt",
        "!requirements/loadtest.txt",
        "!services",
        "!loadtest",
    ]
