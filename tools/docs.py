"""Makes docs/telemetry.md from the contract, docs/telemetry.yaml: `make docs`."""

from pathlib import Path
from typing import Any

import yaml

DOCS = Path(__file__).parent.parent / "docs"


def telemetry_page(contract: dict[str, Any]) -> str:
    """Return the page of the telemetry contract."""
    parts = [
        "# The telemetry contract",
        "Made from `telemetry.yaml` by `make docs`. Tests fail on what is not listed or never seen.",
        "## The traces",
        "One line per span: name, service, kind; `!` marks an error. Indentation is «called by».",
    ]
    for outcome, tree in contract["trees"].items():
        parts += [f"### {outcome}", f"```text\n{tree}```"]
    parts += [
        "With an `Idempotency-Key` an `order.find` stands before `processOrder`: the key is looked up first."
    ]
    parts += [
        "## Spans",
        _table(contract["spans"], name="span", kind="kind", service="service", by="made by", says=""),
    ]
    parts += [
        "## Attributes",
        "`enum`: a handful. `bounded`: grows with the code. `unbounded`: never a metric's dimension.",
        _table(
            contract["attributes"],
            name="attribute",
            type="type",
            cardinality="cardinality",
            where="on",
            example="for example",
            says="",
        ),
        "## Resource",
        _table(contract["resource"], name="attribute", example="for example", says=""),
        "## Metrics",
        _table(
            contract["metrics"],
            name="metric",
            type="type",
            unit="unit",
            service="service",
            dimensions="dimensions",
            says="",
        ),
        "## Baggage",
        "Everything else is dropped on arrival; more than 256 bytes of it too.",
        _table(contract["baggage"], name="entry", values="values", set_by="set by", attribute="becomes"),
        "## Logs",
        "One JSON object a line, on standard error.",
        _table(contract["logs"], name="field", says=""),
    ]
    return "\n\n".join(parts) + "\n"


def _table(rows: list[dict[str, Any]], **columns: str) -> str:
    lines = [" | ".join(columns.values()), " | ".join("---" for _ in columns)]
    lines += [" | ".join(_cell(row[key], key) for key in columns) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def _cell(value: Any, key: str) -> str:
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return f"`{text}`" if key in ("name", "example", "attribute") else text.replace("|", "\\|")


if __name__ == "__main__":
    contract = yaml.safe_load((DOCS / "telemetry.yaml").read_text())
    (DOCS / "telemetry.md").write_text(telemetry_page(contract))
    print("docs/telemetry.md is made from docs/telemetry.yaml")
