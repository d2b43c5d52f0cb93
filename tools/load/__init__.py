"""`make load`: customers for a while, then a report that agrees with the traces."""
