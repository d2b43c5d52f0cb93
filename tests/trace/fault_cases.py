"""One case for every variant of every flag that acts on a request, as docs/faults.md has it."""

from dataclasses import dataclass, field
from typing import Any

from tests.contract import CONTRACT
from tests.support import new_order
from tests.trace import fault_trees as trees

from .fault_signs import (
    CHARGE,
    RESERVE,
    Check,
    answers_were_lost,
    both,
    every_command_is_slow,
    is_declined,
    later_try_finds_it_reserved,
    second_try_works,
    three_tries_in_vain,
    waits_before,
)

CONFIRMED, DECLINED = CONTRACT["trees"]["confirmed"], CONTRACT["trees"]["declined"]
TWO_LINES = new_order(lines=[{"sku": "lamp", "quantity": 1}, {"sku": "chair", "quantity": 1}])
GOLD, SILVER = new_order(customer_id="customer-1"), new_order(customer_id="customer-3")


@dataclass(frozen=True)
class Case:
    """A variant that is switched on, the order placed then, and what is seen: answer, tree and more.

    `usually` is the tree of the same order without the fault; `by_chance`: orders are placed until
    one is struck, once.
    """

    flag: str
    variant: str
    on: set[str]
    status: int = 201
    tree: str | None = CONFIRMED
    check: Check = lambda _: None
    body: dict[str, Any] = field(default_factory=new_order)
    usually: str = CONFIRMED
    by_chance: bool = False


CASES = [
    Case("payment-slow", "on", {CHARGE}, check=waits_before(CHARGE, RESERVE, 300)),
    Case(
        "payment-slow",
        "very",
        {CHARGE},
        202,
        trees.CHARGED_AND_NOT_HEARD_OF,
        both(three_tries_in_vain("POST", "ReadTimeout"), waits_before(CHARGE, RESERVE, 1500)),
    ),
    Case("payment-fails", "on", {CHARGE}, 201, trees.DIED_ONCE, second_try_works, by_chance=True),
    Case("payment-fails", "always", {CHARGE}, 202, trees.DIED_EACH_TIME, three_tries_in_vain("POST", "500")),
    Case("payment-declines-tier", "on", {CHARGE}, 402, DECLINED, is_declined, GOLD),
    Case("payment-declines-tier", "silver", {CHARGE}, 402, DECLINED, is_declined, SILVER),
    Case("payment-declines-tier", "standard", {CHARGE}, 402, DECLINED, is_declined),
    Case("lost-response", "on", {RESERVE, CHARGE}, 201, None, answers_were_lost, by_chance=True),
    Case(
        "lost-response",
        "always",
        {RESERVE},
        202,
        trees.RESERVED_AND_NOT_HEARD_OF,
        both(three_tries_in_vain("PUT", "ReadTimeout"), answers_were_lost),
    ),
    Case("inventory-slow", "on", {RESERVE}, check=waits_before(RESERVE, CHARGE, 300)),
    Case(
        "inventory-slow",
        "very",
        {RESERVE},
        202,
        trees.RESERVED_AND_NOT_HEARD_OF,
        both(three_tries_in_vain("PUT", "ReadTimeout"), waits_before(RESERVE, CHARGE, 1500)),
    ),
    Case(
        "inventory-n-plus-one",
        "on",
        {RESERVE},
        tree=trees.EACH_LINE_READ,
        body=TWO_LINES,
        usually=trees.TWO_LINES,
    ),
    Case("mongo-slow", "on", {"processOrder", RESERVE, CHARGE}, check=every_command_is_slow),
    Case("mongo-slow", "very", {"processOrder", RESERVE, CHARGE}, 201, None, later_try_finds_it_reserved),
]
GLOBAL = {"inventory-pool-of-one"}
