"""Courier shipments and who holds what: so far the licence on its way to the citizen."""
