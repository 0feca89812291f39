"""The rule of two people: when a second member of staff is independent of the first.

Who added an account knows its first password, so that two accounts may be one person; and whoever was added or raised a
moment ago was so perhaps for this. The command line counts as nobody: who has it needs no second person.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

Row = dict[str, Any]
COMMAND_LINE = "command-line"
"""The actor of what is done from the command line."""

SETTLED_AFTER = timedelta(days=1)
"""So long after they were added or raised, an administrator confirms nothing: time for others to see it."""


def depends(person: Row, other_id: str, staff_of: Callable[[str], Row | None]) -> bool:
    """Whether `other_id` added or raised this person, or added or raised somebody who did, in any number of steps."""
    left, seen = [person], {person["_id"]}
    while left:
        row = left.pop()
        for above in {row.get("added_by"), *row.get("raised_by", ())} - {None, COMMAND_LINE}:
            if above == other_id:
                return True
            if above not in seen and (superior := staff_of(above)):
                left.append(superior)
            seen.add(above)
    return False


def is_settled(person: Row, now: datetime) -> bool:
    """Whether a member of staff was neither added nor raised within the last day by another."""
    by_another = [person["created_at"]] if person.get("added_by") not in (None, COMMAND_LINE) else []
    changes = [*by_another, *([person["raised_at"]] if person.get("raised_at") else [])]
    return all(now - at >= SETTLED_AFTER for at in changes)


def are_two(first: Row, second: Row, staff_of: Callable[[str], Row | None], now: datetime) -> bool:
    """Whether `second` may confirm what `first` began."""
    if first["_id"] == second["_id"] or not is_settled(second, now):
        return False
    return not depends(first, second["_id"], staff_of) and not depends(second, first["_id"], staff_of)
