"""The rule of charging: an order is charged at most once, and the same question gets the same answer."""

from chassis import faults

from .models import Charge, OtherCharge, Payment, Voided
from .store import PaymentStore


async def charge_once(charge: Charge, store: PaymentStore) -> tuple[Payment, bool]:
    """Return the order's payment and whether this call made it. Raises OtherCharge or Voided."""
    payment = Payment.decided(charge)
    if faults.for_tier("payment-declines-tier"):  # an issuer that turns down one kind of customer
        payment = payment.model_copy(update={"status": "declined"})
    if await store.insert(payment):
        return payment, True
    earlier = await store.find(payment.order_id)
    assert earlier is not None  # payments are never deleted
    if earlier.status == "voided":
        raise Voided
    if not earlier.is_for(charge):
        raise OtherCharge
    return earlier, False
