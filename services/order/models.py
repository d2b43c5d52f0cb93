"""order's words: an order and its states, the answers of its dependencies, and the ways it is refused."""

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self
from uuid import uuid4

from opentelemetry.trace import SpanContext, format_span_id, format_trace_id
from pydantic import BaseModel, ConfigDict, Field, field_validator

Status = Literal["pending", "confirmed", "rejected"]
PaymentMethod = Literal["pm_card_ok", "pm_card_declined", "pm_card_insufficient_funds"]
Sku = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]


def utc_now() -> datetime:
    """Return the time in milliseconds, as MongoDB keeps it."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


class Line(BaseModel):
    """One line of an order."""

    model_config = ConfigDict(extra="forbid", strict=True)

    sku: Sku
    quantity: int = Field(ge=1, le=99)


class NewOrder(BaseModel):
    """Body of POST /orders."""

    model_config = ConfigDict(extra="forbid", strict=True)

    customer_id: str = Field(pattern=r"^[A-Za-z0-9-]{1,64}$")
    lines: list[Line] = Field(min_length=1, max_length=20)
    payment_method: PaymentMethod

    @field_validator("lines")
    @classmethod
    def no_sku_twice(cls, lines: list[Line]) -> list[Line]:
        if len({line.sku for line in lines}) < len(lines):
            raise ValueError("a sku twice")
        return lines

    def fingerprint(self) -> str:
        """Return the same text for the same order, however its JSON was written."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class Refused(Exception):
    """A dependency said a definite no; `reason` is the kind of problem, `facts` what helps."""

    def __init__(self, reason: str, **facts: Any) -> None:
        super().__init__(reason)
        self.reason, self.facts = reason, facts


class PaymentDeclined(Refused):
    """The payment was declined after the goods were reserved: they must be given back."""


class OutcomeUnknown(Exception):
    """No answer, or none to rely on: the step may have happened or not."""


class DefinitelyRefused(OutcomeUnknown):
    """An answer no order should get, and that will not change: somebody else stands in the way."""


class LeaseLost(OutcomeUnknown):
    """Somebody else works on this order by now, and settles it."""


class KeyTaken(Exception):
    """Another request with the same Idempotency-Key wrote its order first."""


class Reservation(BaseModel):
    """inventory's answer, as far as order needs it. Money is in minor units (cents)."""

    total_minor: int
    currency: str


class Order(BaseModel):
    """An order as clients see it, and below the line what only the service needs."""

    model_config = ConfigDict(frozen=True)

    id: str
    status: Status = "pending"
    reason: str | None = None
    customer_id: str
    lines: list[Line]
    total_minor: int | None = None
    currency: str | None = None
    trace_id: str | None = None
    created_at: datetime
    updated_at: datetime

    payment_method: PaymentMethod = Field(exclude=True)
    fingerprint: str = Field(exclude=True)
    idempotency_key: str | None = Field(default=None, exclude=True, repr=False)
    refusal: dict[str, Any] = Field(default_factory=dict, exclude=True)
    refusals: int = Field(default=0, exclude=True)
    span_id: str | None = Field(default=None, exclude=True)
    lease_owner: str = Field(default_factory=lambda: str(uuid4()), exclude=True)
    lease_until: datetime | None = Field(default=None, exclude=True)

    @classmethod
    def pending(cls, new: NewOrder, key: str | None) -> Self:
        """Start an order from what a client sent."""
        now = utc_now()
        return cls(
            id=str(uuid4()),
            customer_id=new.customer_id,
            lines=new.lines,
            payment_method=new.payment_method,
            fingerprint=new.fingerprint(),
            idempotency_key=key,
            created_at=now,
            updated_at=now,
        )

    def traced(self, span: SpanContext) -> Self:
        """Remember the trace that shows this order; with tracing off there is none."""
        if not span.is_valid:
            return self
        return self._with(trace_id=format_trace_id(span.trace_id), span_id=format_span_id(span.span_id))

    @property
    def span(self) -> SpanContext | None:
        """The processOrder span that began it, to link to; None where it was not traced."""
        if not (self.trace_id and self.span_id):
            return None
        return SpanContext(int(self.trace_id, 16), int(self.span_id, 16), is_remote=True)

    @property
    def to_undo(self) -> bool:
        """Whether it is decided that the order can't be; what is done of it has to be undone."""
        return self.status == "pending" and self.reason is not None

    def reserved(self, reservation: Reservation) -> Self:
        """The goods are held and priced."""
        return self._with(total_minor=reservation.total_minor, currency=reservation.currency)

    def confirmed(self) -> Self:
        """Goods and money are settled."""
        return self._with(status="confirmed")

    def refused(self, refusal: Refused) -> Self:
        """A dependency refused; still pending, since what is done may have to be undone."""
        return self._with(reason=refusal.reason, refusal=refusal.facts)

    def refused_again(self) -> Self:
        """One more DefinitelyRefused."""
        return self._with(refusals=self.refusals + 1)

    def rejected(self) -> Self:
        """Nothing is held and nothing charged any more."""
        return self._with(status="rejected")

    def still_pending(self) -> Self:
        """What happened could not be written down; recovery will find out."""
        return self._with(status="pending")

    def _with(self, **changes: Any) -> Self:
        return self.model_copy(update=changes)
