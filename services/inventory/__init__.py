"""inventory: what is on the shelves and what is reserved for whom."""
