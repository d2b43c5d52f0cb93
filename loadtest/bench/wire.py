"""The tests' OTLP/HTTP receiver, which also weighs the traces it gets."""

from tests.sink import Sink


class Scales(Sink):
    """`weight`: bytes of traces in OTLP, before any packing."""

    weight = 0

    def take_spans(self, body: bytes) -> None:
        self.weight += len(body)
        super().take_spans(body)
