"""Correlation: metric to trace to log line, by ids; and what is missing where there are none."""

import json

from .correlation_run import followed, sampled
from .experiment import Experiment, Result
from .pages import table
from .waterfall import waterfall


def check_chain(result: Result) -> None:
    rate = result["rate"]
    assert 0 < rate["errors"] < rate["requests"]
    assert result["trace_id"] in result["exemplar"]
    assert "POST /payments  payment server !" in result["tree"]
    lines = [json.loads(line) for line in result["lines"]]
    assert lines
    assert {line["trace_id"] for line in lines} == {result["trace_id"]}
    assert result["lines_in_trace"]
    exemplars = result["exemplars"]
    assert exemplars["of_services"] > 0 < exemplars["of_spans"]
    assert exemplars["missing"] == []


def text_chain(result: Result) -> str:
    rate, exemplars = result["rate"], result["exemplars"]
    share = rate["errors"] / rate["requests"]
    return "\n\n".join(
        [
            f"**1. The metric**, `http.server.request.duration` of `payment`: {rate['errors']} of "
            f"{rate['requests']} requests ended with 500, {share:.0%}.",
            "**2. Its exemplar**, on the Collector's page (in Grafana: a dot on the curve):",
            _block(result["exemplar"]),
            "**3. The trace of that id**, in Jaeger:",
            _block(result["tree"]),
            "**4. The log lines of that id**, as they arrive where Loki stands:",
            _block("\n".join(result["lines"])),
            f"On the page were {exemplars['of_services']} exemplars of the services' metrics and "
            f"{exemplars['of_spans']} of span metrics; Jaeger had the trace of every one.",
        ]
    )


def picture(result: Result) -> dict[str, str]:
    return {"correlation.svg": waterfall(result["bars"])}


def check_without_ids(result: Result) -> None:
    assert result["alike"] >= result["failing"] > len(result["lines"])


def text_without_ids(result: Result) -> str:
    body = json.loads(result["lines"][0])
    return (
        _block(f"{body['level']}:{body['logger']}:{body['body']}")
        + f"\n\n{result['alike']} lines of this run say so, each of another order. Which belongs to the trace"
        f" in front of you?\nOf those with its `trace_id` there is {len(result['lines'])}."
    )


def check_sampled(result: Result) -> None:
    assert result["own"] == result["placed"]
    assert result["of_spans"] == result["sampled"] < result["placed"] / 2
    assert result["unseen_spans"] == 0
    assert result["unseen_lines"] == result["unseen"] > 0


def text_sampled(result: Result) -> str:
    rows = [
        ("orders placed", result["placed"]),
        ("of them sampled", result["sampled"]),
        ("`POST /orders` counted by metrics made of spans", result["of_spans"]),
        ("orders counted by `shop.orders`, the service's own metric", result["own"]),
        (f"spans of {result['unseen']} failing orders that were not sampled", result["unseen_spans"]),
        ("of those orders with log lines that carry their trace's id", result["unseen_lines"]),
    ]
    return table(("at a ratio of 0.1", ""), *rows)


def _block(text: str) -> str:
    return f"```text\n{text}\n```"


EXPERIMENTS = [
    Experiment("correlation-without-ids", "correlation", followed, check_without_ids, text_without_ids),
    Experiment("correlation", "correlation", followed, check_chain, text_chain, picture),
    Experiment("correlation-sampled", "correlation", sampled, check_sampled, text_sampled),
]
