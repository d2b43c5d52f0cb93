"""What is there after the start is no garbage: the collector does not look through it again."""

import gc

from chassis.app import GC_THRESHOLD

from tests.support import ShopInProcess


def test_started_service_has_frozen_what_it_is_made_of(shop: ShopInProcess) -> None:
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold()[0] == GC_THRESHOLD
