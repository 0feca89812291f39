"""What this room needs of the rooms above it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from api.drafts.prefill import EarlierCase, SameMatter
from api.identity.actor import Actor


class Tell(Protocol):
    """Leave a notice for somebody. Idempotent per `key`, for ever."""

    def __call__(self, recipient: str, template: str, values: dict[str, str], *, key: str, link: str) -> object: ...


@dataclass(frozen=True, kw_only=True)
class DraftsPorts:
    """The ports of this room; api/ports.py fills each of them at assembly."""

    owns_conversation: Callable[[Actor, str], bool]
    """Whether a conversation is the actor's own."""

    sent_file: Callable[[Actor, str, int], str | None]
    """The upload in the actor's own message `seq` of a conversation, None where it holds none. Raises NotFound."""

    is_excluded: Callable[[str, str | None, str | None], bool]
    """Whether an applicant broke a promise before and no supervisor has lifted it: of a citizen's id and a mandate's
    the principal of the mandate, without one the citizen; of no citizen ("") who has the number of a blind index."""

    desk_for: Callable[[str | None, str | None], str | None]
    """The point whose window accepts a matter for somebody at this point; None if none does."""

    in_case: Callable[[str], bool]
    """Whether an upload was handed in with a case."""

    was_sent_card: Callable[[Actor, str], bool]
    """Whether the actor was sent the card of a draft in a conversation."""

    tell: Tell

    profile: Callable[[Actor], Mapping[str, str]]
    """What the account itself says of a citizen, by field of a form; their number only where it was verified."""

    earlier_cases: Callable[[Actor, str | None], Sequence[EarlierCase]]
    """The newest cases that an account filed for itself (None) or for the principal with this blind index."""

    open_cases: Callable[[Actor, str, str | None], Sequence[SameMatter]]
    """The open cases about a matter of the same account and the same applicant."""
