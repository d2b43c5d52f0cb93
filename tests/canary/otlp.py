"""Every text in an OTLP message, each with where it stands: names, attributes, events, status, exemplars."""

from collections.abc import Iterable, Iterator
from typing import Any

Texts = Iterator[tuple[str, str]]
IDS = ("trace_id", "span_id", "parent_span_id")


def texts(message: Any, where: str) -> Texts:
    """Walk the message. Ids are numbers; whatever else is there is looked at, known to us or not."""
    for field, value in message.ListFields():
        if field.name in IDS:
            continue
        for n, one in enumerate(_as_list(field, value)):
            place = f"{where}.{field.name}" + (f"[{n}]" if field.is_repeated else "")
            if field.message_type is not None:
                yield from _inside(one, place, where)
            elif isinstance(one, str | bytes):
                yield place, one if isinstance(one, str) else one.decode("latin-1")


def _inside(one: Any, place: str, where: str) -> Texts:
    """A pair is named by its key, a span or a metric by its name."""
    if one.DESCRIPTOR.name == "KeyValue":
        yield f"{where}, an attribute's name", one.key
        yield from texts(one.value, f"{place.rpartition('[')[0]}[{one.key}]")
        return
    name = getattr(one, "name", "")
    yield from texts(one, f"{place} {name}" if name else place)


def _as_list(field: Any, value: Any) -> Iterable[Any]:
    return value if field.is_repeated else [value]


def resources(request: Any) -> Iterator[tuple[str, Any]]:
    """The parts of an export request, each with the service that made it."""
    for field, parts in request.ListFields():
        assert field.name.startswith("resource_")
        for part in parts:
            pairs = {pair.key: pair.value.string_value for pair in part.resource.attributes}
            yield pairs.get("service.name", "?"), part
