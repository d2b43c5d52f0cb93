"""inventory's words: stock, a reservation and its states, and the ways it is refused."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Sku = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
Quantity = Annotated[int, Field(ge=1, le=99, strict=True)]

# holding -> held | refusing -> refused; held -> releasing -> released; holding -> cancelling -> released.
# Those in -ing are work under way: whoever finds one may finish it.
State = Literal["holding", "held", "refusing", "refused", "releasing", "cancelling", "released"]


class Line(BaseModel):
    """One line of an order."""

    model_config = ConfigDict(extra="forbid")

    sku: Sku
    quantity: Quantity


class NewReservation(BaseModel):
    """Body of PUT /reservations/{order_id}."""

    model_config = ConfigDict(extra="forbid")

    lines: list[Line] = Field(min_length=1, max_length=20)

    @field_validator("lines")
    @classmethod
    def no_sku_twice(cls, lines: list[Line]) -> list[Line]:
        if len({line.sku for line in lines}) < len(lines):
            raise ValueError("a sku twice")
        return lines


class PricedLine(Line):
    """A line with its price in minor units (cents) at the moment it was held."""

    price_minor: int


class Reservation(BaseModel):
    """An order's reservation as stored: the document is the state machine."""

    order_id: str
    state: State
    lines: list[Line]
    prices: dict[str, int] = {}
    reason: str | None = None
    sku: str | None = None
    available: int | None = None


class HeldReservation(BaseModel):
    """Answer of PUT /reservations/{order_id}. Money is in minor units (cents)."""

    order_id: str
    state: Literal["held"] = "held"
    lines: list[PricedLine]
    total_minor: int
    currency: str = "EUR"


class Stock(BaseModel):
    """A product and its pieces: available + reserved = received, at every quiet moment."""

    sku: str
    name: str
    price_minor: int
    available: int
    reserved: int
    received: int


class Receipt(BaseModel):
    """Body of POST /stock/{sku}/receipts: goods that came in."""

    model_config = ConfigDict(extra="forbid")

    quantity: int = Field(ge=1, le=1_000_000, strict=True)


class Refused(Exception):
    """The reservation can't be held; `reason` is the kind of problem."""

    def __init__(self, reason: str, sku: str, available: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.sku, self.available = reason, sku, available


class OtherLines(Exception):
    """The order has a reservation already, and it is for something else."""


class Released(Exception):
    """The reservation was given back, or called off before it came."""
