"""`make test-practice`: make a claim of docs/practice untrue, one at a time; a test must notice each."""

import sys

from tests.mutate import Mutation, main

COLLECTOR = "deploy/otel-collector/"
BASE, TAIL, GATEWAY = (
    COLLECTOR + name for name in ("base.yaml", "tail-sampling.yaml", "two-tier/gateway.yaml")
)
LOGS = "services/chassis/logs.py"
IN_SHORT = "tests/practice/test_practice.py::test_claim_measured_again_in_short_holds[{}]"

UNTRUE = [
    Mutation(
        "every red span keeps its trace",
        TAIL,
        '"http.response.status_code"] >= 500)',
        '"http.response.status_code"] >= 400)',
        IN_SHORT.format("tail-policies"),
        "refus",
        also=((TAIL, '"^(out-of-stock|unknown-sku|payment-declined)$"', '"^never$"'),),
    ),
    Mutation(
        "the base rate is twice what the page says",
        TAIL,
        "sampling_percentage: 10",
        "sampling_percentage: 20",
        IN_SHORT.format("tail-policies"),
        "assert",
    ),
    Mutation(
        "span metrics are made behind the sampler",
        TAIL,
        "      exporters: [span_metrics, forward]\n",
        "      exporters: [forward]\n",
        IN_SHORT.format("true-picture"),
        "assert",
        also=((TAIL, "      exporters: [otlp_grpc]\n", "      exporters: [span_metrics, otlp_grpc]\n"),),
    ),
    Mutation(
        "the gateway spreads spans by service",
        GATEWAY,
        "routing_key: traceID",
        "routing_key: service",
        IN_SHORT.format("two-tier"),
        "assert",
    ),
    Mutation(
        "the sampler forgets what it decided",
        TAIL,
        "    decision_cache: {sampled_cache_size: 50000, non_sampled_cache_size: 50000}\n",
        "",
        IN_SHORT.format("late-spans"),
        "assert",
    ),
    Mutation(
        "the order's id is a dimension of span metrics",
        BASE,
        "{name: http.response.status_code}]",
        "{name: http.response.status_code}, {name: shop.order.id}]",
        "tests/docs/test_dimensions.py::test_metrics_made_of_spans_have_bounded_dimensions_and_a_limit",
        "unbounded",
    ),
    Mutation(
        "each order is counted under an id of its own",
        "services/order/metrics.py",
        '    _orders.add(1, {"shop.order.status": status})',
        '    _orders.add(1, {"shop.order.status": status, "at": __import__("time").time_ns()})',
        IN_SHORT.format("cardinality"),
        "shop.orders|_agree",
    ),
    Mutation(
        "the process stays in the metrics",
        BASE,
        "      processors: [memory_limiter, redaction, transform/one_instance]\n",
        "      processors: [memory_limiter, redaction]\n",
        IN_SHORT.format("cardinality-restart"),
        "assert",
    ),
    Mutation(
        "traces are kept whatever JAEGER_TRACE_TTL says",
        "deploy/jaeger/badger.yaml",
        '"${env:JAEGER_TRACE_TTL:-48h}"',
        "48h",
        IN_SHORT.format("retention-expiry"),
        "spans",
    ),
    Mutation(
        "exemplars stay in the Collector",
        BASE,
        "    enable_open_metrics: true\n",
        "",
        IN_SHORT.format("correlation"),
        "no exemplar",
    ),
    Mutation(
        "log lines have no ids",
        LOGS,
        "        if span.is_valid:\n",
        "        if span.is_valid and span.is_remote:\n",
        "tests/trace/test_set_up.py::test_unsampled_order_is_counted_and_logged_with_its_trace_id",
        "trace_id",
    ),
    Mutation(
        "an exception's text leaves by OTLP",
        LOGS,
        '    return {"error.type": record.exc_info[0].__qualname__, "at": place}',
        '    return {"error.type": str(record.exc_info[1]), "at": place}',
        "tests/e2e/test_logs.py::test_record_of_a_bug_has_the_exceptions_type_and_place_and_not_its_text",
        "error.type",
    ),
]

if __name__ == "__main__":
    sys.exit(main(UNTRUE, "make test-practice"))
