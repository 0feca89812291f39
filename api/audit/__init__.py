"""Who read or changed what: appended rows, sealed in batches into a hash chain."""
