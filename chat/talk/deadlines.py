"""The deadlines of a conversation: first reply, silence, reopening."""

from datetime import timedelta

FIRST_REPLY = timedelta(minutes=3)
"""How long an officer who took a conversation may take to reply first; then it returns to its place in the queue."""

SILENCE = timedelta(minutes=30)
"""After so long without a message of the citizen they are asked; after as long again the conversation is closed."""

REOPEN = timedelta(days=7)
"""How long after its closing a conversation may be reopened."""

ANSWER = timedelta(hours=2)
"""How long after it was left, or after the next opening, a message is answered at the latest."""
