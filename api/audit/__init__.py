"""Who read or changed what: one appended row for each unmasked read of personal data."""
