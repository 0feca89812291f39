"""A conversation: its states, who may do what, what may be said, and its messages."""
