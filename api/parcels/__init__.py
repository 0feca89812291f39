"""Parcels (快件): courier shipments, so far of the licence to the citizen."""
