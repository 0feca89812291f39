"""The actor of a request: who is logged in, with which roles, at which point or department."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Actor:
    """The actor of a request: a citizen (role `citizen`) or staff (role `staff` and those of their post).

    `session` is the id of the log-in, `expires_at` the end of the token.
    """

    id: str
    kind: str
    name: str
    roles: frozenset[str]
    session: str
    expires_at: datetime
    point: str | None = None
    department: str | None = None

    @property
    def is_staff(self) -> bool:
        """Whether a member of staff, not a citizen, acts."""
        return self.kind == "staff"
