"""Baggage for a third party, attributes that answer nothing, secrets everywhere: each must be found."""

from tests.mutate import Mutation

BAGGAGE, PRIVACY, FLOW, MAIN = (
    "services/chassis/baggage.py",
    "services/chassis/privacy.py",
    "services/order/process_order.py",
    "services/order/main.py",
)
CONTRACT = "tests/trace/test_contract.py::test_"
INPUTS = "tests/canary/test_canary.py::test_secrets_through_every_input_are_nowhere"
FAULTS = "tests/canary/test_canary.py::test_secrets_through_every_fault_are_nowhere"
THIRD_PARTY = "tests/trace/test_third_party.py::test_third_party_gets_the_ids_of_the_trace_and_nothing_else"
SECOND_LOCK = (
    "tests/canary/test_second_lock.py::test_secret_in_a_span_is_masked_wherever_the_collector_reaches"
)

MUTATIONS = [
    Mutation(
        "a third party is told what our services are told",
        BAGGAGE,
        "context if ours else _ids_only(context)",
        "context",
        THIRD_PARTY,
        "'baggage', 'tracestate'|'tracestate', 'baggage'",
    ),
    Mutation(
        "payment is treated as a third party",
        MAIN,
        "http.client(settings.payment_url, settings, ours=True)",
        "http.client(settings.payment_url, settings)",
        "tests/trace/test_propagation.py::test_the_tier_of_the_records_is_on_every_span_of_the_order",
        "shop.customer.tier|None",
    ),
    Mutation(
        "a number is written as a text",
        FLOW,
        '"shop.order.total_minor", order.total_minor',
        '"shop.order.total_minor", str(order.total_minor)',
        CONTRACT + "every_attribute_is_listed_with_its_type",
        "shop.order.total_minor='",
    ),
    Mutation(
        "every 4xx is an error of the server",
        "services/chassis/problems.py",
        "    assert isinstance(error, Problem)\n",
        "    assert isinstance(error, Problem)\n"
        "    from opentelemetry import trace\n"
        "    trace.get_current_span().set_status(trace.StatusCode.ERROR)\n",
        CONTRACT + "refusal_of_a_request_paints_the_caller_red_and_not_the_server",
        "'server', True",
    ),
    Mutation(
        "an order's status has a value nobody listed",
        FLOW,
        '"shop.order.status", order.status',
        '"shop.order.status", order.status.upper()',
        CONTRACT + "every_value_of_an_enum_is_listed",
        "shop.order.status='CONFIRMED'",
    ),
    Mutation(
        "a client's text becomes an attribute",
        FLOW,
        '{"shop.order.id": order.id,',
        '{"shop.order.key": order.idempotency_key or "", "shop.order.id": order.id,',
        INPUTS,
        r"order\S* processOrder.attributes\[shop.order.key\]",
    ),
    Mutation(
        "a path is on the span before it is known to be good",
        "services/chassis/strict.py",
        'span.set_attribute("url.path", self.path)',
        'span.set_attribute("url.path", request.scope["path"])',
        INPUTS,
        r"attributes\[url.path\]",
    ),
    Mutation(
        "a metric is counted by customer",
        MAIN,
        "count_order(order.status)",
        "count_order(order.customer_id)",
        INPUTS,
        r"metrics\[\d+\] shop.orders",
    ),
    Mutation(
        "a header for other services holds the customer",
        MAIN,
        'carry("shop.customer.tier", tier_of(order.customer_id))',
        'carry("shop.customer.tier", order.customer_id)',
        INPUTS,
        "call of (inventory|payment)|attributes.shop.customer.tier",
    ),
    Mutation(
        "a log line names the customer",
        FLOW,
        "a step's outcome is unknown\", order.id)",
        "a step's outcome is unknown\", order.customer_id)",
        FAULTS,
        "log of order",
    ),
    Mutation(
        "texts of errors are left on spans, as if the SDK called its hook by another name",
        PRIVACY,
        "def _on_ending(",
        "def _before_ending(",
        FAULTS,
        "status.message|exception.message",
    ),
    Mutation(
        "the Collector redacts nothing",
        "deploy/otel-collector/base.yaml",
        "processors: [memory_limiter, redaction, transform/redact]",
        "processors: [memory_limiter]",
        SECOND_LOCK,
        "'attribute'",
    ),
]
