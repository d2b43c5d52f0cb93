"""order: takes orders and drives the saga (processOrder)."""
