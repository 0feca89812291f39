"""Runs the check (check.py) as a process of its own, one for each file: no file can hurt who asks, nor the next file.

Both ways the bytes flow in pieces: this process never holds a whole file.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

import api
from api.files.file import PART_BYTES

CHECK_SECONDS = 45
"""By the clock; less than a lease. The process limits its own CPU time and memory more strictly."""

ROOT = Path(api.__file__).parents[1]
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
    """The check ended without an answer, and not by the file's doing: killed from outside, or out of time."""


class Checked(NamedTuple):
    """What the check found: a reason to refuse (see `file.UNFIT`), or what is kept."""

    refused: str | None
    type: str = ""
    size: int = 0
    thumb: int = 0
    facts: dict[str, int] = {}  # noqa: RUF012


Keep = Callable[[str, int, Iterator[bytes]], None]
"""Takes `content` or `thumb`, its size, and its pieces."""


def check(pieces: Iterable[bytes], keep: Keep, seconds: float = CHECK_SECONDS) -> Checked:
    """Open the file that the pieces make; `keep` is given what to keep of it, if it is fit. Raises CheckFailed."""
    child = subprocess.Popen(
        [sys.executable, "-m", "api.files.check"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT)},
        start_new_session=True,  # a Ctrl-C in the terminal is for us, who then finish what is in hand
    )
    assert child.stdin is not None
    assert child.stdout is not None
    timer = threading.Timer(seconds, child.kill)
    timer.start()
    try:
        with child.stdout:
            _feed(child.stdin, pieces)
            found = _answer(child.stdout)
            if found is not None and not found.refused:
                keep("content", found.size, _exactly(child.stdout, found.size))
                keep("thumb", found.thumb, _exactly(child.stdout, found.thumb))
        status = child.wait()
    except BaseException:
        child.kill()
        raise
    finally:
        timer.cancel()
        child.wait()
    return found or _blamed(status)


def _feed(stdin: IO[bytes], pieces: Iterable[bytes]) -> None:
    with suppress(BrokenPipeError), stdin:  # it may have made up its mind, or have died
        for piece in pieces:
            stdin.write(piece)


def _answer(stdout: IO[bytes]) -> Checked | None:
    line = stdout.readline(MOST_HEAD)
    return Checked(**{"refused": None, **json.loads(line)}) if line.endswith(b"\n") else None


def _exactly(stdout: IO[bytes], size: int) -> Iterator[bytes]:
    """So many bytes in pieces. Raises CheckFailed where fewer come."""
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
