"""The cases room: submission, handling, the clock, decision, result (办件)."""
