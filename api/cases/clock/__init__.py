"""The working-day clock (办件时限) of a case."""
