"""Conversations and messages: states, access, what may be posted, transitions, masking, and their collections."""
