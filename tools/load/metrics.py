"""Counters on a page in Prometheus's text format, and how much they grew, also over restarts."""

import re

import httpx

LINE = re.compile(r"^(\w+)(?:\{(.*?)\})? ([\d.e+]+)(?: #.*)?$", re.M)
LABEL = re.compile(r'(\w+)="([^"]*)"')
Series = dict[str, float]

# What the Collector says of spans. Ours by the suffix of its names: releases differ in what stands before.
UPTIME = "uptime"  # what shows that it was started anew, however much it has counted since
COLLECTOR = {
    "otelcol_receiver_accepted_spans": "accepted",
    "otelcol_receiver_refused_spans": "collector_refused",
    "otelcol_exporter_sent_spans": "passed_on",
    "otelcol_exporter_send_failed_spans": "collector_failed",
    "otelcol_exporter_enqueue_failed_spans": "collector_failed",
    "otelcol_process_uptime": UPTIME,
}
TAIL = "otelcol_processor_tail_sampling_count_traces_sampled"
SDK = ("otel_sdk_processor_span_processed_total", "otel_sdk_exporter_span_exported_total")


def page(url: str) -> str:
    """Raises httpx.HTTPError."""
    return httpx.get(f"{url}/metrics", timeout=1, trust_env=False).raise_for_status().text


def of_collector(text: str) -> Series:
    """What it did with spans, by our names."""
    found: Series = {}
    for name, labels, value in LINE.findall(text):
        ours = COLLECTOR.get(name)
        if name == TAIL and 'sampled="false"' in labels:
            ours = "tail_sampling"
        if ours:
            found[ours] = found.get(ours, 0.0) + float(value)
    return found


def of_sdks(text: str) -> Series:
    """Spans the services' SDKs say they lost, by service and reason; empty unless they count themselves.

    They do with OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED=true.
    """
    found: Series = {}
    for name, labels, value in LINE.findall(text):
        if name in SDK and (why := (of := dict(LABEL.findall(labels))).get("error_type")):
            key = f"{of.get('job', '').rpartition('/')[2]}: {why}"
            found[key] = found.get(key, 0.0) + float(value)
    return found


class Growth:
    """How much counters grew since the first look. Where one is smaller than before, all count anew.

    What a program counted between the last look and its end is not in it.
    """

    def __init__(self) -> None:
        self.total: Series = {}
        self.restarts = 0
        self._last: Series | None = None

    def look(self, now: Series) -> None:
        last = now if self._last is None else self._last
        anew = any(now.get(name, 0.0) < value for name, value in last.items())
        self.restarts += anew
        for name, value in now.items():
            grown = value if anew else value - last.get(name, 0.0)
            self.total[name] = self.total.get(name, 0.0) + grown
        self._last = now
