"""`make test-sabotage`: break what survives faults, one thing at a time; a resilience test must notice."""

import sys

from tests.mutate import Mutation, main

KILLS, RACES, PAUSE, COMPENSATION, OUTAGE, SATURATION = (
    f"tests/resilience/test_{name}.py::test_"
    for name in ("kills", "races", "mongo_pause", "compensation", "outage", "saturation")
)
INVENTORY, RECOVER = "services/inventory/store.py", "            every(1.0, recover),\n"
GONE = OUTAGE + "pending_orders_are_listed_by_age_and_vanish_when_payment_is_back"

SABOTAGE = [
    Mutation(
        "payments have random ids",
        "services/payment/store.py",
        'return {"_id": fields.pop("order_id"), **fields}',
        'return {"_id": str(__import__("uuid").uuid4()), **fields}',
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
        '"lease_until": {"$lte": until}}',
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
        "goods are held without a marker",
        INVENTORY,
        '            "markers.id": {"$nin": [f"{order_id}:hold", f"{order_id}:undo"]},\n',
        "",
        PAUSE + "mongodb_paused_for_ten_seconds_makes_no_500_and_is_over_at_once",
        "BROKEN  reserved is what is held",
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
        "goods are given back without a marker",
        INVENTORY,
        '{"markers.id": {"$ne": undone}}]',
        '{"markers.id": {"$exists": True}}]',
        COMPENSATION + "kills_at_random_while_orders_are_declined_lose_no_piece",
        "BROKEN|assert",
    ),
    Mutation(
        "a full service queues",
        "services/chassis/limits.py",
        "elif self._now >= self._most:",
        "elif self._now < 0:",
        SATURATION + "four_times_the_sustainable_rate_is_refused_early_and_over_soon",
        "nobody was refused",
    ),
]

if __name__ == "__main__":
    sys.exit(main(SABOTAGE, "make test-sabotage", SPANSHOP_RESILIENCE_TESTS="1"))
