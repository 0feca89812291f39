"""What runs in the background: the events log, its dispatcher, leased jobs, idempotency keys, the worker."""
