"""Access to MongoDB: connections, transactions, leases, paging; and the embedded store."""
