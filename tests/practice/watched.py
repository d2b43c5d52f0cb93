"""A Collector and what it exports for Prometheus."""

import re

import httpx
import psutil

from tests.resilience.collector import Collector

from .series import LABEL, total


class Watched(Collector):
    """Its pages, sums over them, and its memory."""

    def page(self) -> str:
        return httpx.get(self.exported, timeout=60, trust_env=False).text

    def sum(self, name: str, **wanted: str) -> int:
        return int(total(self.exported, name, **wanted))

    def labels(self, name: str, label: str, **wanted: str) -> set[str]:
        """Return the values a label has on the series of this name that have these labels."""
        found = [dict(LABEL.findall(one)) for one in series(self.page()) if one.startswith(name + "{")]
        return {labels[label] for labels in found if wanted.items() <= labels.items()}

    def calls(self, **wanted: str) -> int:
        """Spans counted, by the metrics made of them."""
        return self.sum("traces_span_metrics_calls_total", **wanted)

    def mebibytes(self) -> int:
        return round(psutil.Process(self.pid).memory_info().rss / 2**20)


def series(page: str) -> set[str]:
    """Return the series of a page: name and labels."""
    lines = (line for line in page.splitlines() if not line.startswith("#"))
    return {re.split(r" [\d.e+-]+(?: #.*)?$", line)[0] for line in lines}
