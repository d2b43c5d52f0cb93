"""payment's words: a charge, what became of it, and the ways it is refused."""

from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

PaymentMethod = Literal["pm_card_ok", "pm_card_declined", "pm_card_insufficient_funds"]
Status = Literal["captured", "declined", "voided"]


class Charge(BaseModel):
    """Body of POST /payments. Money is in minor units (cents). The method is a token, never a card number."""

    model_config = ConfigDict(extra="forbid", strict=True)

    order_id: UUID = Field(strict=False)
    amount_minor: int = Field(ge=1, le=100_000_000)
    currency: Literal["EUR"]
    payment_method: PaymentMethod


class Payment(BaseModel):
    """What became of an order's charge. A void that came before its charge has no amount."""

    order_id: str
    status: Status
    amount_minor: int | None = None
    currency: str | None = None
    payment_method: PaymentMethod | None = None

    @classmethod
    def decided(cls, charge: Charge) -> Self:
        """Decide the charge, as the card's issuer would: the token says how."""
        status: Status = "captured" if charge.payment_method == "pm_card_ok" else "declined"
        return cls(order_id=str(charge.order_id), status=status, **charge.model_dump(exclude={"order_id"}))

    def is_for(self, charge: Charge) -> bool:
        """Whether this is the same charge sent again."""
        return (self.amount_minor, self.currency, self.payment_method) == (
            charge.amount_minor,
            charge.currency,
            charge.payment_method,
        )


class OtherCharge(Exception):
    """The order has a charge already, and it is for something else."""


class Voided(Exception):
    """The charge was called off before it came or after."""
