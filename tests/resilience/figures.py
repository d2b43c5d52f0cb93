"""What a test saw, in numbers to quote: printed, and a JSON line each in the directory RESILIENCE_REPORT."""

import json
import os
import random
import time
from pathlib import Path
from typing import Any


class Figures:
    """The figures of one test and the seed of its random choices, printed first."""

    def __init__(self, test: str, seed: int) -> None:
        self.test, self.seed = test, seed
        self.random = random.Random(seed)
        print(f"\n{test}: SEED={seed}")

    def say(self, **seen: Any) -> None:
        """Print these figures and keep them."""
        print(f"{self.test}: " + ", ".join(f"{name} {value}" for name, value in seen.items()), flush=True)
        if directory := os.environ.get("RESILIENCE_REPORT"):
            Path(directory).mkdir(parents=True, exist_ok=True)
            line = {"test": self.test, "seed": self.seed, "at": round(time.time()), **seen}
            with (Path(directory) / "figures.jsonl").open("a") as report:
                report.write(json.dumps(line) + "\n")
