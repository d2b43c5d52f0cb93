"""`make doctor`: why do no traces arrive? Asks every hop, follows one order, and names the fix.

faults.py is what it knows, hops.py asks each part, order.py follows an order, blame.py finds who lost
its spans.
"""
