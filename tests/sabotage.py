"""`make test-sabotage`: break what survives faults, one thing at a time; a resilience test must notice."""

import sys

from tests.mutate import Mutation, main

KILLS, RACES, PAUSE, COMPENSATION, OUTAGE, SATURATION, NETWORK, FAULTS, TELEMETRY, QUEUE = (
    f"tests/resilience/test_{name}.py::test_"
    for name in (
        "kills",
        "races",
        "mongo_pause",
        "compensation",
        "outage",
        "saturation",
        "network",
        "faults",
        "telemetry_outage",
        "telemetry_queue",
    )
)
INVENTORY, RECOVER = "services/inventory/store.py", "            every(1.0, recover),\n"
RANDOM_IDS = (
    "services/payment/store.py",
    'return {"_id": fields.pop("order_id"), **fields}',
    'return {"_id": str(__import__("uuid").uuid4()), **fields}',
)
SETTINGS, COLLECTOR = "services/chassis/settings.py", "deploy/otel-collector/base.yaml"
WAITS_FOR_EXPORTS = (  # each span is sent before the request goes on
    "services/chassis/telemetry.py",
    "            provider.add_span_processor(BaggageToAttributes())\n",
    "            provider.add_span_processor(BaggageToAttributes())\n"
    "            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter\n"
    "            from opentelemetry.sdk.trace.export import SimpleSpanProcessor\n"
    "            provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))\n",
)
UNAVAILABLE = 'return Problem(503, "unavailable", detail'
GONE = OUTAGE + "pending_orders_are_listed_by_age_and_vanish_when_payment_is_back"

SABOTAGE = [
    Mutation(
        "payments have random ids",
        *RANDOM_IDS,
        KILLS + "lost_responses_and_duplicated_requests_besides_the_kills_change_nothing",
        "charged [23] times",
    ),
    Mutation(
        "nobody recovers what a killed order left",
        "services/order/main.py",
        RECOVER,
        "",
        KILLS + "orders_while_services_are_killed_are_all_settled_and_charged_once",
        r"NOT QUIET",
    ),
    Mutation(
        "nobody recovers what was asked while payment was away",
        "services/order/main.py",
        RECOVER,
        "",
        GONE,
        r"assert \{.*\} == set\(\)",
    ),
    Mutation(
        "a claim takes what another replica is at",
        "services/order/store.py",
        '"lease_until": {"$lt": until}}',
        '"lease_until": {"$gte": datetime(2000, 1, 1)}}',
        OUTAGE + "two_replicas_of_order_recover_each_order_once_and_never_both_at_a_time",
        r"two replicas were at it|NOT QUIET|\['",
    ),
    Mutation(
        "goods are held without looking how many there are",
        INVENTORY,
        '            "available": {"$gte": line.quantity},\n',
        "",
        RACES + "200_orders_at_once_for_the_last_98_pieces_sell_exactly_98",
        "every piece is somewhere|confirmed",
    ),
    Mutation(
        "a key is looked for and not unique",
        "services/order/store.py",
        '"idempotency_key", unique=True, sparse=True',
        '"idempotency_key", sparse=True',
        RACES + "50_posts_at_once_with_one_key_are_one_order_and_one_charge",
        "key makes one order",
    ),
    Mutation(
        "a MongoDB that does not answer counts as a bug",
        "services/chassis/problems.py",
        UNAVAILABLE,
        UNAVAILABLE.replace("503", "500"),
        PAUSE + "mongodb_paused_for_ten_seconds_makes_no_500_and_is_over_at_once",
        r"500: \d+",
    ),
    Mutation(
        "a decline is not written down before the goods go back",
        "services/order/process_order.py",
        "order = await store.decide(order.refused(refusal))",
        "order = order.refused(refusal)",
        COMPENSATION + "killed_between_the_decline_and_the_release_gives_back_once",
        r"'payment-declined'",
    ),
    Mutation(
        "nobody recovers what was declined",
        "services/order/main.py",
        RECOVER,
        "",
        COMPENSATION + "kills_at_random_while_orders_are_declined_lose_no_piece",
        r"NOT QUIET",
    ),
    Mutation(
        "a full service queues",
        "services/chassis/limits.py",
        "elif self._now >= self._most:",
        "elif self._now < 0:",
        SATURATION + "four_times_the_sustainable_rate_is_refused_early_and_over_soon",
        "nobody was refused|_is_normal",
    ),
    Mutation(
        "payments have random ids, on a bad network",
        *RANDOM_IDS,
        NETWORK + "orders_under_faults_of_the_network_are_settled_and_charged_once",
        r"charged [23] times",
    ),
    Mutation(
        "there is no circuit breaker",
        SETTINGS,
        "breaker_failures: int = 5",
        "breaker_failures: int = 1_000_000",
        NETWORK + "payment_that_is_away_is_called_about_once_per_breaker_period",
        r"assert \d+ <= \(1\.1 \*",
    ),
    Mutation(
        "a call may take for ever",
        SETTINGS,
        "try_timeout: float = 1.0",
        "try_timeout: float = 60.0",
        NETWORK + "orders_in_a_network_that_goes_silent_are_answered_in_time_and_settled_later",
        "assert",
        also=((SETTINGS, "step_timeout: float = 4.0", "step_timeout: float = 60.0"),),
    ),
    Mutation(
        "a release that failed is forgotten",
        "services/order/process_order.py",
        "        await inventory.release(order)\n",
        "        with __import__('contextlib').suppress(OutcomeUnknown):\n"
        "            await inventory.release(order)\n",
        NETWORK + "release_that_could_not_be_sent_is_made_up_for_once",
        r"assert \[402\] == \[202\]|BROKEN",
    ),
    Mutation(
        "a request waits for its spans' export, on a bad network",
        *WAITS_FOR_EXPORTS,
        NETWORK + "faults_on_the_way_to_the_collector_are_not_felt",
        "assert",
    ),
    Mutation(
        "a request waits for its spans' export while the Collector is down",
        *WAITS_FOR_EXPORTS,
        TELEMETRY + "orders_do_not_feel_that_the_collector_is_down",
        "assert",
    ),
    Mutation(
        "a request waits for its spans' export while the Collector hangs",
        *WAITS_FOR_EXPORTS,
        TELEMETRY + "orders_do_not_feel_a_collector_that_hangs",
        "assert",
    ),
    Mutation(
        "spans have no spool",
        "services/chassis/spool.py",
        '"SPAN_SPOOL_MIB") or 16',
        '"SPAN_SPOOL_MIB") or 0',
        TELEMETRY + "orders_do_not_feel_that_the_collector_is_down",
        "of the spans are lost",
    ),
    Mutation(
        "the Collector gives up on Jaeger",
        COLLECTOR,
        "max_interval: 5s, max_elapsed_time: 0s",
        "max_interval: 1s, max_elapsed_time: 2s",
        TELEMETRY + "jaeger_that_hangs_behind_the_collector_is_not_felt_and_misses_nothing",
        "of the spans are lost",
    ),
    Mutation(
        "the Collector's queue is in memory",
        COLLECTOR,
        "      storage: file_storage/queue\n",
        "",
        QUEUE + "accepted_spans_arrive_after_jaeger_was_down_and_the_collector_killed",
        "accepted spans are lost",
    ),
    Mutation(
        "a seat's fault is everybody's",
        "services/chassis/faults.py",
        "    if telemetry.in_use() is None:\n        return {}\n",
        '    return {"seat": "seat-7"}\n',
        FAULTS + "fault_switched_while_the_system_runs_is_seen_in_jaeger_by_its_seat_alone",
        "feature_flag",
    ),
    Mutation(
        "payments have random ids, under faults",
        *RANDOM_IDS,
        FAULTS + "orders_that_meet_every_fault_at_once_are_settled_and_charged_once",
        "charged|FAILED",
        also=(("deploy/faults/flags.json", '{"off": 0.0, "on": 0.2,', '{"off": 0.0, "on": 0.5,'),),
    ),
]

if __name__ == "__main__":
    sys.exit(main(SABOTAGE, "make test-sabotage", SPANSHOP_RESILIENCE_TESTS="1"))
