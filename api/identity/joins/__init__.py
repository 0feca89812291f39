"""Joins: a second verified account of the same person becomes part of the first."""
