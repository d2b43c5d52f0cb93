"""Grafana's and Prometheus's files, read as files: known metrics, a query in every panel, no secrets.

tests/e2e/test_observability.py runs the queries.
"""

import configparser
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.dashboards import FILES, GRAFANA, ROOT, Panel, labels, labels_in, metrics, metrics_in, panels

PANELS = list(panels())
DATASOURCES: dict[str, dict[str, Any]] = {
    one["uid"]: one
    for one in yaml.safe_load((GRAFANA / "provisioning/datasources/datasources.yaml").read_text())[
        "datasources"
    ]
}
COMPOSE: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
TEXTS = sorted(
    file for folder in ("grafana", "prometheus", "loki") for file in (ROOT / "deploy" / folder).rglob("*.*")
)
each_panel = pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.name)


@each_panel
def test_panel_asks_for_metrics_and_labels_that_exist(panel: Panel) -> None:
    for expression in panel.expressions:
        assert metrics_in(expression)
        assert metrics_in(expression) <= metrics()
        assert labels_in(expression) <= labels()


@each_panel
def test_panel_has_a_title_a_unit_and_a_query_to_a_known_source(panel: Panel) -> None:
    assert len(panel.raw["title"].split()) >= 4  # a question or a statement, not a heading
    assert len(panel.raw["description"]) > 20
    assert panel.raw["fieldConfig"]["defaults"]["unit"]
    assert panel.expressions
    assert all(panel.expressions)
    source = DATASOURCES[panel.raw["datasource"]["uid"]]
    assert panel.raw["datasource"]["type"] == source["type"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_dashboard_is_small_and_its_panels_do_not_overlap(file: Path) -> None:
    board = json.loads(file.read_text())
    assert board["uid"] == file.stem
    assert len(board["panels"]) <= 12
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    cells = [cell for panel in board["panels"] for cell in _cells(panel["gridPos"])]
    assert len(set(cells)) == len(cells)
    assert all(x < 24 for x, _ in cells)


def _cells(at: dict[str, int]) -> list[tuple[int, int]]:
    return [(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])]


def test_uids_and_names_are_each_used_once() -> None:
    uids = [json.loads(file.read_text())["uid"] for file in FILES]
    assert len(set(uids)) == len(uids) == 2
    assert set(DATASOURCES) == {"prometheus", "jaeger", "loki"}


def test_datasources_are_the_containers_of_compose() -> None:
    for source in DATASOURCES.values():
        found = re.fullmatch(r"http://([\w-]+):(\d+)", source["url"])
        assert found
        assert any(port.endswith(f":{found[2]}") for port in COMPOSE[found[1]]["ports"])
        assert source["editable"] is False
    scraped = (ROOT / "deploy/prometheus/prometheus.yml").read_text()
    assert set(re.findall(r"otel-collector:(\d+)", scraped)) == {"8888", "8889"}


def test_rates_span_at_least_four_scrapes() -> None:
    scrape = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())["global"][
        "scrape_interval"
    ]
    assert DATASOURCES["prometheus"]["jsonData"]["timeInterval"] == scrape
    rates = [part for one in PANELS for text in one.expressions for part in re.findall(r"\[([^\]]*)\]", text)]
    assert set(rates) == {"$__rate_interval"}


def test_exemplar_leads_to_its_trace_as_the_browser_reaches_jaeger() -> None:
    (link,) = DATASOURCES["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]
    assert link["name"] == "trace_id"
    assert link["url"] == "$JAEGER_UI/trace/$${__value.raw}"
    assert COMPOSE["grafana"]["environment"] == {"JAEGER_UI": "http://127.0.0.1:${JAEGER_PORT:-16686}"}
    assert any(target.get("exemplar") for panel in PANELS for target in panel.raw["targets"])
    assert "--enable-feature=exemplar-storage" in COMPOSE["prometheus"]["command"]


def test_log_line_leads_to_its_trace_and_a_trace_to_its_log_lines() -> None:
    (there,) = DATASOURCES["loki"]["jsonData"]["derivedFields"]
    assert (there["matcherType"], there["matcherRegex"]) == ("label", "trace_id")
    assert there["url"] == "$JAEGER_UI/trace/$${__value.raw}"
    back = DATASOURCES["jaeger"]["jsonData"]["tracesToLogsV2"]
    assert back["datasourceUid"] == "loki"
    assert 'trace_id="$${__trace.traceId}"' in back["query"]
    loki = yaml.safe_load((ROOT / "deploy/loki/loki.yaml").read_text())
    (labels,) = loki["limits_config"]["otlp_config"]["resource_attributes"]["attributes_config"]
    asked = set(re.findall(r"(\w+)=", back["query"].split("|")[0]))
    assert asked <= {name.replace(".", "_") for name in labels["attributes"]}


def test_grafana_is_for_looking_and_calls_nobody() -> None:
    settings = configparser.ConfigParser()
    settings.read(GRAFANA / "grafana.ini")
    off = {
        "analytics": "enabled reporting_enabled check_for_updates check_for_plugin_updates",
        "auth.basic": "enabled",
    }
    off |= {"news": "news_feed_enabled", "plugins": "plugin_admin_enabled", "snapshots": "external_enabled"}
    for section, names in off.items():
        assert [name for name in names.split() if settings.getboolean(section, name)] == []
    assert settings["auth.anonymous"]["org_role"] == "Viewer"
    assert settings.getboolean("auth", "disable_login_form")
    assert settings.getboolean("security", "disable_initial_admin_creation")
    assert settings.getboolean("plugins", "preinstall_disabled")


def test_paths_in_the_container_are_those_mounted() -> None:
    assert COMPOSE["grafana"]["volumes"] == ["./deploy/grafana:/etc/grafana:ro"]
    inside = [*re.findall(r"/etc/grafana/\S+?(?=[\s}])", (GRAFANA / "grafana.ini").read_text())]
    inside += re.findall(r"path: (/\S+?)}", (GRAFANA / "provisioning/dashboards/dashboards.yaml").read_text())
    assert len(inside) == 2
    assert all((GRAFANA / Path(path).relative_to("/etc/grafana")).exists() for path in inside)


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.name)
def test_file_has_no_secret_and_no_foreign_host(file: Path) -> None:
    text = file.read_text()
    assert not re.search(r"(?i)(password|passwd|secret|token|api[_-]?key)\w*[\"']?\s*[:=]", text)
    hosts = set(re.findall(r"https?://([\w.-]+)", text))
    assert hosts <= {"prometheus", "jaeger", "loki", "127.0.0.1"}
