"""The resource's hash, which the exporter asks for with each span."""

from chassis.resource import HashedOnce
from opentelemetry.sdk.resources import Resource

ATTRIBUTES = {"service.name": "order", "service.instance.id": "one"}


class Asked(Resource):
    times = 0

    def __hash__(self) -> int:
        type(self).times += 1
        return super().__hash__()


class AskedOnce(HashedOnce, Asked):
    """HashedOnce over a resource that counts."""


def test_hash_is_that_of_the_sdk_and_made_once() -> None:
    resource = AskedOnce(ATTRIBUTES)
    assert {hash(resource) for _ in range(3)} == {hash(Resource(ATTRIBUTES))}
    assert AskedOnce.times == 1


def test_resource_is_found_among_others() -> None:
    by_resource = {HashedOnce(ATTRIBUTES): "ours", Resource({"service.name": "payment"}): "theirs"}
    assert by_resource[HashedOnce(ATTRIBUTES)] == "ours"
