"""Who of the staff is there: a lease in the store that an open connection keeps renewing."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chat.desk import CAPACITY, MOST_CAPACITY
from chat.refusals import BadFields

STATES = ("here", "away")
RENEW_SECONDS = 30
LEASE = timedelta(seconds=3 * RENEW_SECONDS)


@dataclass(frozen=True)
class Presence:
    """What an officer said of themselves, and until when it holds without a sign of life."""

    member: str
    name: str
    state: str = "here"
    capacity: int = CAPACITY
    until: datetime | None = None

    def is_here(self, now: datetime) -> bool:
        """Whether a conversation may be handed to this officer."""
        return self.state == "here" and self.until is not None and self.until > now


def said(presence: Presence, state: object, capacity: object) -> Presence:
    """The presence after an officer's own word; None leaves a part as it is. Raises BadFields."""
    errors = {}
    if state is not None and state not in STATES:
        errors["state"] = ["应为 here 或 away。"]
    whole = isinstance(capacity, int) and not isinstance(capacity, bool)
    if capacity is not None and not (whole and 1 <= int(str(capacity)) <= MOST_CAPACITY):
        errors["capacity"] = [f"应为 1 到 {MOST_CAPACITY} 的整数。"]
    if errors:
        raise BadFields(errors)
    return replace(
        presence,
        state=presence.state if state is None else str(state),
        capacity=presence.capacity if capacity is None else int(str(capacity)),
    )
