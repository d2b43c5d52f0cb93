"""Makes docs/telemetry.md from the contract and docs/faults.md from the fault flags: `make docs`."""

from pathlib import Path
from typing import Any

import yaml

from .faults import Flag, Flags, definitions, shown

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
        "How to choose them: [practice/attributes.md](practice/attributes.md).",
        _table(
            contract["attributes"],
            name="attribute",
            type="type",
            cardinality="cardinality",
            where="on",
            example="for example",
            says="",
            answers="answers",
        ),
        "## Resource",
        "Of the process, so on each of its spans. Every value is a text.",
        _table(contract["resource"], name="attribute", example="for example", says="", answers="answers"),
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
        "Everything else is dropped on arrival, more than 256 bytes too. Nobody but our services gets it.",
        _table(contract["baggage"], name="entry", values="values", set_by="set by", attribute="becomes"),
        "## Logs",
        "One JSON object a line, on standard error. With `OTEL_LOGS_EXPORTER=otlp` also an OTLP record:"
        " `message` is its body, `logger` its scope, `level` its severity.",
        _table(contract["logs"], name="field", says=""),
    ]
    return "\n\n".join(parts) + "\n"


def faults_page(flags: Flags) -> str:
    """Return the page of the faults, one row per flag."""
    rows = [
        {"name": name, "variants": "; ".join(_variants(flag)), **flag["metadata"]}
        for name, flag in flags.items()
    ]
    columns = {"name": "flag", "scope": "scope", "variants": "variants", "does": "what it does"}
    return FAULTS.format(table=_table(rows, **columns, looks="what it looks like in the trace"))


def _variants(flag: Flag) -> list[str]:
    return [f"{name}: {shown(flag, name)}" for name in flag["variants"] if name != "off"]


FAULTS = """# Faults on demand

Made from `deploy/faults/flags.json` by `make docs`. The cases of the same names in
`tests/trace/test_faults.py` prove each row: on, it does this and nothing else; off, or for another seat,
nothing.

```sh
make fault NAME=payment-slow
make fault NAME=payment-slow SEAT=seat-7 VARIANT=very
make fault NAME=payment-slow OFF=1
make faults
make fault OFF=1
```

Running services notice by themselves. What is on stays on over a restart; `make faults` shows it.

{table}

- *Per seat*: with `SEAT=seat-7` only requests with the baggage `shop.seat=seat-7` meet the fault, so that
  many learners share one system: `curl -H 'baggage: shop.seat=seat-7' …`. Seats add up; each is switched
  off alone. Without baggage, or with `OTEL_SDK_DISABLED=true`, there is no seat and no tier. Recovery has
  no seat either: it settles what a seat's fault left pending.
- *Global*: it changes the process, so everybody meets it.
- The span on which a fault acts carries `feature_flag.key`, `feature_flag.result.variant` and
  `feature_flag.provider.name`: search Jaeger for `feature_flag.key=payment-slow`. Of several, the last
  stands.
- The format is flagd's, read through OpenFeature's API by a provider of our own
  (`services/chassis/flag_file.py`); a flagd server could read the same file. Only seat and customer's
  tier can decide a flag, both from baggage.
"""


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
    (DOCS / "faults.md").write_text(faults_page(definitions()))
    print("docs/telemetry.md is made from docs/telemetry.yaml, docs/faults.md from deploy/faults/flags.json")
