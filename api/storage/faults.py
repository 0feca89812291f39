"""Faults of a start or a command that come from outside: each becomes a sentence, and what may pass is tried again.

An error of the driver that does not mean "the store is away" may be ours, so it is logged with its traceback as well.
"""

import errno
import logging
import time
from collections.abc import Callable
from typing import TypeVar

from pymongo.errors import PyMongoError

from api.refusals import CannotStart
from api.storage.database import UNAVAILABLE

log = logging.getLogger("circle.start")

T = TypeVar("T")

PATIENCE_SECONDS = 60.0
"""How long a start waits for a store that hangs or died: the watch needs half of it to find out and start another."""
PAUSE_SECONDS = 1.0

FULL = (errno.ENOSPC, errno.EDQUOT)
STORE_FULL = 14031
"""The server's OutOfDiskSpace."""
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


class StoreAway(CannotStart):
    """The store did not answer, or not as it should; the message says what to look at."""


def patiently(act: Callable[[], T]) -> T:
    """Do what needs the store, again and again for PATIENCE_SECONDS while it is away; it must bear repeating.

    Raises StoreAway, or what `act` raises for another reason.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return act()
        except UNAVAILABLE as error:
            if time.monotonic() > deadline:
                raise StoreAway(_away(error)) from None
            log.warning("the store is away, the start waits for it", extra={"error": type(error).__name__})
            time.sleep(PAUSE_SECONDS)


def sentence(error: Exception) -> str | None:
    """What is wrong and what to do, for a fault of the disk or the store; None for any other, which is one of ours."""
    if isinstance(error, UNAVAILABLE):
        return _away(error)
    if isinstance(error, PyMongoError):
        return _refused(error)
    if not isinstance(error, OSError):
        return None
    where = error.filename or "A file"
    if error.errno in FULL:
        return f"The disk is full: {where} could not be written. Make room (df -h), then start again."
    if error.errno in FORBIDDEN:
        return f"{where} cannot be opened or written ({error.strerror}). Give this user the right to it."
    return f"The system refused something: {error}. `circle doctor` looks at folders, keys and store."


def _refused(error: PyMongoError) -> str:
    code = getattr(error, "code", None)
    if code == STORE_FULL:
        return "The disk of the store is full. Make room there (df -h), then start again."
    log.error("the store refused a command", exc_info=error)
    what = type(error).__name__ + (f" {code}" if code else "")
    return f"The store answers, and refused a command ({what}). The log has the traceback; send it with a report."


def _away(error: Exception) -> str:
    return (
        f"The store does not answer ({type(error).__name__}). Look whether it runs and whether its disk is full, then "
        "start again. The embedded store writes store.log in CIRCLE_VAR; `circle doctor` says more."
    )
