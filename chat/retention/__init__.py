"""Retention: how long conversations are kept, their deletion, and the erasure of what one citizen wrote."""
