"""One way to run a limited process: what it may use, what it sees, when it ends."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api import limited
from api.limited import ROOT, ProcessLimits, Program

As = Callable[[str], None]
CONFINED = ProcessLimits(memory_bytes=512 * 1024**2, cpu_seconds=5, grace_seconds=2, niceness=3, file_bytes=1_000)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> As:
    """Let a program, given as text, stand for every module."""
    popen = subprocess.Popen

    def stand(program: str) -> None:
        def start(command: list[str], **rest: Any) -> Any:
            return popen([command[0], "-c", program], **rest)

        monkeypatch.setattr(limited.subprocess, "Popen", start)

    return stand


def test_it_answers_what_it_was_fed_and_its_errors_come_line_by_line(runs: As) -> None:
    runs("import sys; d = sys.stdin.buffer.read(); print('一', file=sys.stderr); sys.stderr.write('二'); print(len(d))")
    lines: list[str] = []
    ended = Program("any").run(b"x" * 300_000, seconds=20, tell=lines.append)
    assert (ended.status, ended.answer, ended.last_line, ended.late) == (0, b"300000\n", "二", False)
    assert lines == ["一", "二"]


def test_it_sees_nothing_of_the_environment_but_where_modules_are(runs: As, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIRCLE_SECRET", "x")
    runs("import json, os; print(json.dumps(dict(os.environ)))")
    seen = Program("any", variables={"THREADS": "1"}).run(b"", seconds=20).as_json()
    assert (seen.pop("PYTHONPATH"), seen.pop("THREADS")) == (str(ROOT), "1")
    assert set(seen) <= {"PATH", "LC_CTYPE"}


def test_its_limits_are_those_that_it_puts_itself_under(runs: As) -> None:
    runs(
        "import json, os, resource as r; from api.limited import ProcessLimits, confine; "
        f"confine({CONFINED!r}); names = ['AS', 'CPU', 'CORE', 'FSIZE']; "
        "print(json.dumps([os.nice(0), *(r.getrlimit(getattr(r, f'RLIMIT_{n}')) for n in names)]))"
    )
    niceness, *bounds = Program("any").run(b"", seconds=20).as_json()
    assert niceness == os.nice(0) + 3
    assert bounds == [[512 * 1024**2] * 2, [5, 7], [0, 0], [1_000] * 2]


@pytest.mark.parametrize("detached", [True, False])
def test_it_is_killed_when_its_time_is_over(runs: As, detached: bool) -> None:
    runs("import time; time.sleep(60)")
    begun = time.monotonic()
    ended = Program("any", detached=detached).run(b"x" * 300_000, seconds=0.3)
    assert (ended.status, ended.late) == (-9, True)
    assert time.monotonic() - begun < 20


def test_one_that_answers_too_much_is_killed(runs: As) -> None:
    runs("print('x' * 1_000_000)\nimport time; time.sleep(60)")
    ended = Program("any").run(b"", seconds=50, most_bytes=100_000)
    assert (ended.status, ended.late) == (-9, False)


def test_it_ends_with_what_its_caller_raises(runs: As) -> None:
    runs("import os, sys, time; print(os.getpid(), flush=True); time.sleep(60)")
    pids = []

    def fails() -> None:
        with Program("any").start(50) as child:
            pids.append(int(child.stdout.readline()))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert not Path("/proc", str(pids[0])).exists()
