"""What this room asks of the rooms above it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from api.identity.actor import Actor


@dataclass(frozen=True, kw_only=True)
class FilesPorts:
    """What files ask of other rooms; filled at assembly (api/ports.py), all of it."""

    shared: Callable[[Actor, str], bool]
    """Whether an upload was sent to the actor in a conversation."""

    in_case: Callable[[Actor, str], bool]
    """Whether an upload was handed in with a case that the actor applied for or works on."""

    bound: Callable[[str], bool]
    """Whether a draft, a case or a conversation rests on an upload, so that it must stay."""

    scan: Callable[[Iterable[bytes]], str | None]
    """What a virus scanner says of the bytes that arrived (as clamd's INSTREAM takes them); None: clean."""
