"""The tools behind make: place orders, read traces back, draw and check them."""
