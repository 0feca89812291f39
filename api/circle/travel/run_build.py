"""Runs the builder of travel times (build.py) as a limited process, and reads its progress."""

import json
import re
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from api.limited import Child, Program

BUILDER = Program("api.circle.travel.build", variables={"OPENBLAS_NUM_THREADS": "1"})
BUILD_SECONDS = 3_600
UNUSABLE = 3
"""The builder's status for a request that cannot be met; its answer says why."""
KEEPING = "keeping the street file for the other hosts"


class Progress(NamedTuple):
    """How far a build is: `searching` is done mode by mode, in the order of MODES."""

    step: Literal["reading", "searching", "keeping"]
    mode: str | None = None
    done: int | None = None
    of: int | None = None


_SEARCHED = re.compile(r"(\w+): (\d+) of (\d+) places")


def progress_of(line: str) -> Progress:
    """Parse a line of progress of the builder."""
    if match := _SEARCHED.match(line):
        return Progress("searching", match[1], int(match[2]), int(match[3]))
    return Progress("keeping" if line == KEEPING else "reading")


class BuildFailed(Exception):
    """The builder failed; `code` is broken, empty, far_away, too_large or failed."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def build(
    act: str,
    request: dict[str, Any],
    tell: Callable[[str], None] = lambda line: None,
    seconds: float = BUILD_SECONDS,
    begun: Callable[[Child], None] = lambda builder: None,
) -> Any:
    """Run one act of the builder (build, cover or isochrone) and return its result.

    `tell` is given each line of progress; the process, which `begun` is given, is killed after `seconds`. Raises
    BuildFailed.
    """
    ended = BUILDER.run(json.dumps({"act": act, **request}).encode(), seconds=seconds, tell=tell, begun=begun)
    if ended.status == UNUSABLE:
        reason = ended.as_json()
        raise BuildFailed(reason["code"], reason["detail"])
    if ended.status != 0:
        raise BuildFailed("failed", f"the builder ended with status {ended.status}: {ended.last_line}")
    return ended.as_json()
