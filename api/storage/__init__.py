"""MongoDB: opening it, the embedded store, transactions and leases."""
