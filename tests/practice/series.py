"""Sums over a page of metrics in Prometheus's text format."""

import re

import httpx

LINE = r"^{name}(?:\{{(.*?)\}})? ([0-9.e+]+)(?: #.*)?$"
LABEL = re.compile(r'(\w+)="([^"]*)"')


def total(url: str, name: str, **wanted: str) -> float:
    """Return the sum of the series of this name that have these labels; 0 where there are none."""
    text = httpx.get(url, timeout=5, trust_env=False).text
    found = re.findall(LINE.format(name=re.escape(name)), text, re.MULTILINE)
    labelled = [(dict(LABEL.findall(labels)), float(value)) for labels, value in found]
    return sum(value for labels, value in labelled if wanted.items() <= labels.items())
