"""Runs the builder (build.py) as a process of its own: its CPU and memory never burden who asks."""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import api

BUILD_SECONDS = 3_600
KEEPING = "keeping the street file for the other hosts"
ROOT = Path(api.__file__).parents[1]


class Progress(NamedTuple):
    """How far a build is: `searching` is done mode by mode, in the order of MODES."""

    step: Literal["reading", "searching", "keeping"]
    mode: str | None = None
    done: int | None = None
    of: int | None = None


_SEARCHED = re.compile(r"(\w+): (\d+) of (\d+) places")


def progress_of(line: str) -> Progress:
    """What a line of the builder's tells."""
    if found := _SEARCHED.match(line):
        return Progress("searching", found[1], int(found[2]), int(found[3]))
    return Progress("keeping" if line == KEEPING else "reading")


class BuildFailed(Exception):
    """The builder could not do it; `code` is broken, empty, far_away, too_large or failed."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def build(
    act: str, request: dict[str, Any], tell: Callable[[str], None] = lambda line: None, seconds: float = BUILD_SECONDS
) -> Any:
    """The result of one act of the builder; `tell` is given its lines of progress. Raises BuildFailed.

    The child sees nothing of the environment but where Python finds its modules, and is killed after `seconds`.
    """
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as answer:
        child = subprocess.Popen(
            [sys.executable, "-m", "api.circle.travel.build"],
            stdin=subprocess.PIPE,
            stdout=answer,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=environment,
        )
        last = _converse(child, json.dumps({"act": act, **request}), tell, seconds)
        answer.seek(0)
        told = answer.read()
    if child.returncode == 3:
        reason = json.loads(told)
        raise BuildFailed(reason["code"], reason["detail"])
    if child.returncode != 0:
        raise BuildFailed("failed", f"the builder ended with status {child.returncode}: {last}")
    return json.loads(told)


def _converse(child: subprocess.Popen[str], request: str, tell: Callable[[str], None], seconds: float) -> str:
    """Hand over the request, pass on the progress, wait for the end; the last line that was told."""
    assert child.stdin is not None
    assert child.stderr is not None
    timer = threading.Timer(seconds, child.kill)
    timer.start()
    last = ""
    try:
        with child.stdin, child.stderr:
            child.stdin.write(request)
            child.stdin.close()
            for line in child.stderr:
                last = line.strip()
                tell(last)
    finally:
        timer.cancel()
        child.wait()
    return last
