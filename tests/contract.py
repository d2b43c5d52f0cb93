"""The telemetry contract as data."""

from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parent.parent / "docs" / "telemetry.yaml"
CONTRACT: dict[str, Any] = yaml.safe_load(FILE.read_text())
