"""order's own records of its customers: their tier, which travels as baggage. Never taken from a client."""

TIERS = {
    "customer-1": "gold",
    "customer-2": "gold",
    "customer-3": "silver",
    "customer-4": "silver",
    "customer-5": "silver",
}


def tier_of(customer_id: str) -> str:
    """Return `gold`, `silver` or, for everybody else, `standard`."""
    return TIERS.get(customer_id, "standard")
