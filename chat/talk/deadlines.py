"""How long each side of a conversation may take: the first reply, silence, reopening."""

from datetime import timedelta

FIRST_REPLY = timedelta(minutes=3)
"""An officer who took a conversation replies within it; then the conversation returns to its place in the queue."""

SILENCE = timedelta(minutes=30)
"""A citizen who is silent for as long is asked; after as long again the conversation is closed."""

REOPEN = timedelta(days=7)
"""A closed conversation may be reopened within it."""
