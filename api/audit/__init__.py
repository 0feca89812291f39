"""The audit log: who read or changed what, in append-only rows that are sealed in batches into a hash chain."""
