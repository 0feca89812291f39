"""Encryption (sealing) of personal fields, and rotation of its keys."""
