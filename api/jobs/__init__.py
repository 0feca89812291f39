"""Background work: the log of events and its dispatcher, leased jobs, idempotency keys, the worker."""
