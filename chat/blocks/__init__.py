"""Blocks: a citizen may not write to one desk for some hours."""
