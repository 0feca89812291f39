"""What this room needs of the rooms above it."""

from collections.abc import Callable
from dataclasses import dataclass

from api.identity.actor import Actor


@dataclass(frozen=True, kw_only=True)
class DraftsPorts:
    """The ports of this room; api/ports.py fills each of them at assembly."""

    owns_conversation: Callable[[Actor, str], bool]
    """Whether a conversation is the actor's own."""

    sent_file: Callable[[Actor, str, int], str | None]
    """The upload in the actor's own message `seq` of a conversation, None where it holds none. Raises NotFound."""

    is_excluded: Callable[[str, str | None], bool]
    """Whether an applicant broke a promise before and no supervisor has lifted it: of a citizen's id and a mandate's
    the principal of the mandate, without one the citizen."""

    was_sent_card: Callable[[Actor, str], bool]
    """Whether the actor was sent the card of a draft in a conversation."""
