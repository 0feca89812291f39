"""Cases (办件): submission, handling, the working-day clock, decision and result."""
