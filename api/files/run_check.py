"""Runs the check of a file (check.py) as a limited process, one per file, so that a hostile file harms nothing else.

The bytes are streamed both ways: this process never holds a whole file.
"""

import json
import signal
from collections.abc import Callable, Iterable, Iterator
from typing import IO, NamedTuple

from api.files.file import PART_BYTES
from api.limited import Program

CHECK = Program("api.files.check", detached=True)
"""Detached: on a Ctrl-C in the terminal the server stops after the check in hand is finished."""

CHECK_SECONDS = 45
"""By the clock; less than a lease. The process limits its own CPU time and memory more strictly."""

MOST_HEAD = 4096

BLAMES = {
    -signal.SIGXCPU: "too_heavy",
    -signal.SIGSEGV: "too_heavy",
    -signal.SIGABRT: "too_heavy",
    -signal.SIGBUS: "too_heavy",
    -signal.SIGFPE: "too_heavy",
    1: "too_heavy",
}
"""Ends that the file caused: the limits, or a decoder that broke. Any other end says nothing about the file."""


class CheckFailed(Exception):
    """The check gave no answer, for a reason other than the file: it was killed from outside, or took too long."""


class Checked(NamedTuple):
    """The result of a check: a reason to refuse (see `file.UNFIT`), or the type and sizes of what is kept."""

    refused: str | None
    type: str = ""
    size: int = 0
    thumb: int = 0
    facts: dict[str, int] = {}  # noqa: RUF012


Keep = Callable[[str, int, Iterator[bytes]], None]
"""Stores a part of the result: (`content` or `thumb`, its size in bytes, its pieces)."""


def check(pieces: Iterable[bytes], keep: Keep, seconds: float = CHECK_SECONDS) -> Checked:
    """Check the file that these pieces make up; `keep` stores what is accepted, piece by piece. Raises CheckFailed."""
    with CHECK.start(seconds) as child:
        child.feed(pieces)
        checked = _answer(child.stdout)
        if checked is not None and not checked.refused:
            keep("content", checked.size, _exactly(child.stdout, checked.size))
            keep("thumb", checked.thumb, _exactly(child.stdout, checked.thumb))
    return checked or _blamed(child.status)


def _answer(stdout: IO[bytes]) -> Checked | None:
    line = stdout.readline(MOST_HEAD)
    return Checked(**{"refused": None, **json.loads(line)}) if line.endswith(b"\n") else None


def _exactly(stdout: IO[bytes], size: int) -> Iterator[bytes]:
    """Exactly `size` bytes, in pieces. Raises CheckFailed if fewer come."""
    while size:
        piece = stdout.read(min(size, PART_BYTES))
        if not piece:
            raise CheckFailed("the check ended in the middle of its answer")
        size -= len(piece)
        yield piece


def _blamed(status: int) -> Checked:
    if status in BLAMES:
        return Checked(refused=BLAMES[status])
    raise CheckFailed(f"the check ended with status {status}")
