"""The audit log: who read or changed what, in appended rows that are sealed in batches into a hash chain."""
