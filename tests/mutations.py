"""`make test-mutations`: break telemetry and saga on purpose, one thing at a time; a test must notice."""

import sys

from tests.mutate import Mutation, main
from tests.mutations_context import MUTATIONS as CONTEXT

TELEMETRY, FLOW, APP = (
    "services/chassis/telemetry.py",
    "services/order/process_order.py",
    "services/chassis/app.py",
)
ORDER, CONTRACT, PROPAGATION, SET_UP = (
    f"tests/trace/test_{name}.py::test_" for name in ("order_trace", "contract", "propagation", "set_up")
)
CONFIRMED = ORDER + "confirmed_order_is_one_connected_trace_through_all_services"
STORE, RECOVERY = "services/order/store.py", "services/order/recover_order.py"
RECOVERED = "tests/trace/test_recovery_trace.py::test_"
STOPPED = SET_UP + "stopped_service_sends_its_last_spans_and_metrics"
HTTPX = "    HTTPXClientInstrumentor().instrument(async_request_hook=_count_resends)\n"
OURS = "    HTTPXClientInstrumentor.instrument_client(client, request_hook=_count_resends)\n"
THIRD_PARTY = "tests/trace/test_third_party.py::test_third_party_gets_the_ids_of_the_trace_and_nothing_else"
DROPPED = "tests/trace/test_unsampled.py::test_dropped_order_has_the_metrics_and_the_context_of_a_kept_one"
PYMONGO = "    PymongoInstrumentor().instrument(request_hook=_name_operation)\n"
SPOOL, OUTAGE = "services/chassis/spool.py", "tests/unit/test_spool.py::test_"
PROBLEM = "def problem() -> "
LIFE = "    try:\n        yield client[name]\n"

MUTATIONS = [
    Mutation("the httpx instrumentor is removed", TELEMETRY, OURS, "", CONFIRMED, "NOT YET"),
    Mutation("other httpx clients are not instrumented", TELEMETRY, HTTPX, "", THIRD_PARTY, "NOT YET"),
    Mutation(
        "what is dropped is not passed on",
        "services/chassis/unsampled.py",
        "    propagate.inject(request.headers)\n",
        "",
        DROPPED,
        "== 5",
    ),
    Mutation(
        "calls of what is dropped are not measured",
        "services/chassis/unsampled.py",
        "    _duration.record(perf_counter() - began, seen)\n",
        "",
        DROPPED,
        "http.client.request.duration",
    ),
    Mutation(
        "the context is not injected",
        TELEMETRY,
        HTTPX,
        HTTPX + "    from opentelemetry.baggage.propagation import W3CBaggagePropagator\n"
        "    propagate.set_global_textmap(W3CBaggagePropagator())\n",
        CONFIRMED,
        "NOT YET",
    ),
    Mutation(
        "MongoDB is instrumented after its client was made",
        "services/chassis/mongo.py",
        LIFE,
        "    from . import telemetry\n    telemetry.instrument_mongodb_too_late()\n" + LIFE,
        CONFIRMED,
        "NOT YET",
        also=(
            (TELEMETRY, PYMONGO, ""),
            (TELEMETRY, PROBLEM, f"def instrument_mongodb_too_late() -> None:\n{PYMONGO}\n\n{PROBLEM}"),
        ),
    ),
    Mutation(
        "a step is started and not made current",
        FLOW,
        'with tracer.start_as_current_span("processPayment", record_exception=False):',
        'with __import__("contextlib").closing(tracer.start_span("processPayment")) as span:\n'
        "                span.close = span.end",
        CONFIRMED,
        "NOT YET",
    ),
    Mutation(
        "the order's id stands in a span's name",
        FLOW,
        '"processOrder", record_exception',
        'f"processOrder {order.id}", record_exception',
        CONTRACT + "every_span_is_listed_with_its_kind_service_and_parent",
        "processOrder [0-9a-f-]{36}",
    ),
    Mutation(
        "releaseInventory stands outside processOrder",
        FLOW,
        '"releaseInventory", record_exception',
        '"releaseInventory", trace.set_span_in_context(trace.INVALID_SPAN), record_exception',
        ORDER + "declined_order_gives_the_goods_back_inside_process_order",
        r"NOT YET",
    ),
    Mutation(
        "nothing is flushed on SIGTERM", APP, "telemetry.shut_down()", "pass", STOPPED, "assert .* <= set"
    ),
    Mutation(
        "an attribute is renamed",
        FLOW,
        "shop.order.status",
        "shop.order.state",
        CONFIRMED,
        "shop.order.status",
    ),
    Mutation(
        "an attribute is added and not listed",
        FLOW,
        '{"shop.order.id": order.id,',
        '{"shop.order.customer": order.customer_id, "shop.order.id": order.id,',
        CONTRACT + "every_attribute_is_listed_with_its_type",
        "shop.order.customer",
    ),
    Mutation(
        "baggage comes in without the allow-list",
        APP,
        'keep_allowed(scope["headers"], edge=self.edge)',
        'scope["headers"]',
        PROPAGATION + "a_client_can_not_claim_a_tier",
        "gold",
    ),
    Mutation(
        "baggage is copied without the allow-list",
        "services/chassis/baggage.py",
        "key in allowed and allowed[key][0].fullmatch(str(value))",
        "True",
        PROPAGATION + "baggage_that_is_not_allowed_is_dropped_at_the_edge",
        "shop.seat|baggage",
    ),
    Mutation(
        "the sampler ignores a parent's decision",
        TELEMETRY,
        "    try:\n        spooling",
        '    os.environ["OTEL_TRACES_SAMPLER"] = "always_on"\n    try:\n        spooling',
        PROPAGATION + "a_clients_decision_not_to_sample_is_honoured_everywhere",
        "is_sampled",
    ),
    Mutation(
        "a client that is not trusted decides what is kept",
        APP,
        "if edge and not settings.edge_trust_parent:",
        "if False:",
        "tests/trace/test_sampling.py::test_thousand_requests_of_a_client_are_recorded_as_the_edge_trusts_it",
        "assert said == kept",
    ),
    Mutation(
        "the semantic conventions' opt-in is missing",
        TELEMETRY,
        '    os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http,database")',
        "    pass",
        CONTRACT + "every_attribute_is_listed_with_its_type",
        "http.method|db.system|net.peer",
    ),
    Mutation(
        "FastAPI's inner spans are back",
        APP,
        '"operation_spans": False',
        '"operation_spans": True',
        CONFIRMED,
        "fastapi.endpoint",
    ),
    Mutation(
        "the distro is not used",
        TELEMETRY,
        "            OpenTelemetryDistro().configure()  # defaults for OTEL_*\n",
        "",
        STOPPED,
        "assert .* <= set",
    ),
    Mutation(
        "health checks are traced",
        APP,
        "in HEALTH_PATHS",
        "in ()",
        PROPAGATION + "health_leaves_no_trace",
        "traceresponse",
    ),
    Mutation(
        "answers do not say their trace",
        APP,
        "TraceResponse(super().build_middleware_stack())",
        "super().build_middleware_stack()",
        PROPAGATION + "every_answer_says_its_trace",
        "traceresponse",
    ),
    Mutation(
        "MongoDB's error text is left on the span",
        "services/chassis/privacy.py",
        "if text := span.status.description:",
        'if text := "":',
        "tests/trace/test_privacy.py::test_mongodbs_error_text_stays_off_the_span",
        "alice@example.com",
    ),
    Mutation(
        "queries are left on the span",
        "services/chassis/privacy.py",
        '"url.query", ',
        "",
        CONTRACT + "queries_and_unknown_paths_stay_out_of_the_spans",
        "zyzzyva",
    ),
    Mutation(
        "the sweeper is traced",
        "services/inventory/main.py",
        "with telemetry.untraced():",
        "if True:",
        SET_UP + "idle_service_leaves_no_spans",
        "inventory.find|inventory.update",
    ),
    Mutation(
        "recovery's looking for work is traced",
        STORE,
        "with untraced(), reachable():\n            found = self._orders.find(",
        "with reachable():\n            found = self._orders.find(",
        SET_UP + "idle_service_leaves_no_spans",
        r"order\.find",
    ),
    Mutation(
        "the business refusal paints processOrder red",
        FLOW,
        "            return order.refused(refusal).rejected()\n",
        "            trace.get_current_span().set_status(trace.StatusCode.ERROR)\n"
        "            return order.refused(refusal).rejected()\n",
        ORDER + "out_of_stock_order_marks_the_step_and_not_process_order",
        "processOrder  order internal !",
    ),
    Mutation(
        "a failed call is not tried again",
        "services/chassis/settings.py",
        "tries: int = 3",
        "tries: int = 1",
        ORDER + "lost_answer_is_asked_for_again_and_charged_once",
        "assert 202 == 201",
    ),
    Mutation(
        "a repetition does not say that it is one",
        TELEMETRY,
        "(client, request_hook=_count_resends)",
        "(client)",
        ORDER + "lost_answer_is_asked_for_again_and_charged_once",
        "http.request.resend_count",
    ),
    Mutation(
        "there is no circuit breaker",
        "services/chassis/settings.py",
        "breaker_failures: int = 5",
        "breaker_failures: int = 1_000_000",
        ORDER + "open_circuit_calls_nobody_and_says_so_on_the_step",
        "POST  order client !",
    ),
    Mutation(
        "a recovery does not link to the order's trace",
        RECOVERY,
        "links = [trace.Link(order.span)] if order.span else []",
        "links = []",
        RECOVERED + "pending_order_is_recovered_in_a_trace_that_links_to_its_first",
        "should link to",
    ),
    Mutation(
        "nobody recovers",
        "services/order/main.py",
        "            every(1.0, recover),\n",
        "",
        RECOVERED + "pending_order_is_recovered_in_a_trace_that_links_to_its_first",
        "pending",
    ),
    Mutation(
        "an order that can't be is tried for ever",
        RECOVERY,
        "if order.refusals < MOST_REFUSALS:",
        "if order:",
        RECOVERED + "order_that_is_refused_again_and_again_is_undone_and_abandoned",
        "pending",
    ),
    Mutation(
        "a claim takes orders that somebody works on",
        STORE,
        '"lease_until": {"$lt": until}}',
        '"lease_until": {"$gte": datetime(2000, 1, 1)}}',
        "tests/integration/test_recovery.py::test_order_in_work_is_not_claimed",
        "is None",
    ),
    Mutation(
        "whoever lost the lease writes all the same",
        STORE,
        ', "lease_owner": order.lease_owner}',
        "}",
        "tests/integration/test_recovery.py::test_who_lost_the_lease_can_neither_decide_nor_settle",
        "LeaseLost",
    ),
    Mutation(
        "what was decided is forgotten by the next write",
        STORE,
        'fields = ("refusals",) if order.status == "pending" else OUTCOME',
        "fields = OUTCOME",
        "tests/integration/test_recovery.py::test_decision_to_undo_outlives_who_made_it",
        "payment-declined",
    ),
    Mutation(
        "the steps are undone before that is written down",
        FLOW,
        "order = await store.decide(order.refused(refusal))",
        "order = order.refused(refusal)",
        "tests/unit/test_process_order.py::test_declined_payment_releases_before_it_rejects",
        "decide",
    ),
    Mutation(
        "a full service queues",
        "services/chassis/limits.py",
        "elif self._now >= self._most:",
        "elif self._now < 0:",
        "tests/unit/test_calls.py::test_full_service_refuses_at_once_and_health_is_still_answered",
        "503|TimeoutError|Timeout",
    ),
    Mutation(
        "the exporter gets no spool",
        TELEMETRY,
        "exporter_args_map=spooling.exporter_args",
        "",
        SET_UP + "spans_wait_for_a_collector_that_is_gone_unless_the_spool_is_off",
        "takes no spans",
    ),
    Mutation(
        "a batch that could not be delivered is dropped",
        SPOOL,
        "AWAY = {0, ",
        "AWAY = {",
        OUTAGE + "spans_of_an_outage_arrive_once_and_in_their_order",
        "takes no spans|during 0",
    ),
    Mutation(
        "a full spool lets the newest go",
        "services/chassis/backlog.py",
        "self.size -= len(self._bodies.popleft())\n                self.gone",
        "self.size -= len(self._bodies.pop())\n                self.gone",
        OUTAGE + "full_spool_lets_the_oldest_go_and_counts_them",
        "'span 0'",
    ),
    Mutation(
        "what waits in the spool is as big as it was",
        SPOOL,
        "if self.backlog:  # it",
        "if not self.backlog:  # it",
        OUTAGE + "batch_is_compressed_where_others_wait_already",
        "size",
    ),
    Mutation(
        "an encoded attribute is taken for one of another type",
        "services/chassis/encoding.py",
        "type(value) in (str, int)",
        "isinstance(value, str | int | float)",
        "tests/unit/test_encoding.py::test_every_value_leaves_as_the_exporter_makes_it",
        "= same",
    ),
    Mutation(
        "a span whose parent is in another process says that it is in this one",
        "services/chassis/encoding.py",
        "REMOTE if parent and parent.is_remote",
        "LOCAL if parent and parent.is_remote",
        "tests/unit/test_encoding.py::test_span_with_all_there_is_does",
        "= same",
    ),
    Mutation(
        "a status seen before has lost its text",
        "services/chassis/encoding.py",
        "Status(code, description)",
        "Status(code)",
        "tests/unit/test_encoding.py::test_status_seen_before_is_not_made_again_and_keeps_its_text",
        "= same",
    ),
    Mutation(
        "a span whose only event was dropped does not say so",
        "services/chassis/encoding.py",
        " or any(dropped)",
        "",
        "tests/unit/test_encoding.py::test_span_with_one_of_what_is_seldom_does",
        "= same",
    ),
    Mutation(
        "a flush does not wait for the spool",
        SPOOL,
        "return self._spool.backlog.empty(timeout_millis / 1000)",
        "return True",
        OUTAGE + "flush_waits_until_the_receiver_has_everything",
        "assert",
    ),
    *CONTEXT,
]

if __name__ == "__main__":
    sys.exit(main(MUTATIONS, "make test-mutations"))
