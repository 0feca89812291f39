"""Retention: how long conversations are kept, their deletion, and the erasure of one citizen's words."""
