"""What this room asks of the rooms above it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from api.identity.actor import Actor


@dataclass(frozen=True, kw_only=True)
class FilesPorts:
    """The ports of this room; api/ports.py fills each of them at assembly."""

    shared: Callable[[Actor, str], bool]
    """Whether an upload was sent to the actor in a conversation."""

    in_case: Callable[[Actor, str], bool]
    """Whether an upload was handed in with a case that the actor applied for or works on."""

    bound: Callable[[str], bool]
    """Whether a draft, a case or a conversation uses an upload, so that it must stay."""

    scan: Callable[[Iterable[bytes]], str | None] | None
    """The name of the virus that a scanner finds in these bytes; None: clean. Raises clamd.ScannerDown. Without a
    scanner the port itself is None, and no file is called scanned."""
