"""Runs a module of ours as a child process with limits: memory, CPU time, wall time, output.

Whatever checks uploads, sets PDFs or searches street networks runs in such a child, never in this process. The child
has no environment but PATH, PYTHONPATH and the `variables` of its Program. It is killed when its time is over, and
calls `confine` before it reads anything (setrlimit(2)). Its input and its answer go through pipes.
"""

import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

ROOT = Path(__file__).parents[1]
MOST_BYTES = 64 * 1024 * 1024
"""The longest answer that `Program.run` takes; a child that says more is killed."""
PIECE_BYTES, LINE_BYTES = 64 * 1024, 4 * 1024


@dataclass(frozen=True)
class ProcessLimits:
    """What a process may use: bytes of address space, seconds of CPU, niceness, bytes of a file that it writes.

    Past `cpu_seconds` it is sent SIGXCPU, which a handler could survive; it is killed `grace_seconds` later.
    """

    memory_bytes: int
    cpu_seconds: int
    grace_seconds: int = 0
    niceness: int = 0
    file_bytes: int | None = None


def confine(limits: ProcessLimits) -> None:
    """Limit this process for the rest of its life. No core dump is written: it could contain personal data."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + limits.grace_seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if limits.file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_bytes, limits.file_bytes))
    os.nice(limits.niceness)


class Ended(NamedTuple):
    """The result of a process: exit status, standard output (`answer`), last line of standard error.

    `status` is negative where a signal ended it; `late`: it was killed because its time was over.
    """

    status: int
    answer: bytes
    last_line: str
    late: bool

    def as_json(self) -> Any:
        """The answer read as JSON. Raises ValueError."""
        return json.loads(self.answer)


class Child:
    """A running process. `feed` its input first, then read `stdout`; `status` is known once `Program.start` is left."""

    def __init__(self, process: "subprocess.Popen[bytes]", seconds: float) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.stdin: IO[bytes] = process.stdin
        self.stdout: IO[bytes] = process.stdout
        self.stderr: IO[bytes] | None = process.stderr
        self.late = False
        self._process = process
        self._timer = threading.Timer(seconds, self._end_in_time)
        self._timer.daemon = True
        self._timer.start()

    @property
    def status(self) -> int:
        """The exit status, negative where a signal ended it."""
        return int(self._process.returncode)

    def feed(self, pieces: Iterable[bytes]) -> None:
        """Write the whole input, piece by piece, and close it. A child that has ended already is not an error here."""
        with suppress(BrokenPipeError), self.stdin:
            for piece in pieces:
                self.stdin.write(piece)

    def kill(self) -> None:
        """Send SIGKILL."""
        self._process.kill()

    def end(self) -> None:
        """Close the pipes and wait until it has ended."""
        for pipe in (self.stdin, self.stdout, self.stderr):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        self._process.wait()
        self._timer.cancel()

    def _end_in_time(self) -> None:
        self.late = True
        self.kill()


class Program:
    """A module of ours that runs as `python -m module`.

    `variables` are added to the environment. A `detached` child is in a session of its own: Ctrl-C in the terminal does
    not reach it, so it finishes its work. How many run at once is the caller's to say (`api.turns`).
    """

    def __init__(self, module: str, *, variables: Mapping[str, str] | None = None, detached: bool = False) -> None:
        self._module, self._detached, self._variables = module, detached, dict(variables or {})

    @contextmanager
    def start(self, seconds: float, *, stderr: int = subprocess.DEVNULL) -> Iterator[Child]:
        """Start a child for a `with` block; it is killed after `seconds`, or if the block raises."""
        child = Child(
            subprocess.Popen(
                [sys.executable, "-m", self._module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT), **self._variables},
                start_new_session=self._detached,
            ),
            seconds,
        )
        try:
            yield child
        except BaseException:
            child.kill()
            raise
        finally:
            child.end()

    def run(
        self,
        content: bytes,
        *,
        seconds: float,
        tell: Callable[[str], object] = lambda line: None,
        begun: Callable[[Child], object] = lambda child: None,
        most_bytes: int = MOST_BYTES,
    ) -> Ended:
        """Run a child to its end with `content` as its input, and return the result.

        `begun` is given the child, which another thread may then kill. `tell` is called with each line of its standard
        error. A child that answers more than `most_bytes` is killed.
        """
        answer: list[bytes] = []
        last_line = ""
        with self.start(seconds, stderr=subprocess.PIPE) as child:
            assert child.stderr is not None
            begun(child)
            child.feed([content])
            reader = threading.Thread(target=_read_up_to, args=(child, most_bytes, answer), daemon=True)
            reader.start()
            while line := child.stderr.readline(LINE_BYTES):
                last_line = line.decode(errors="replace").strip()
                tell(last_line)
            reader.join()
        return Ended(child.status, b"".join(answer), last_line, child.late)


def _read_up_to(child: Child, most_bytes: int, answer: list[bytes]) -> None:
    """Read the child's standard output into `answer`; kill a child that writes more than `most_bytes`."""
    while piece := child.stdout.read(PIECE_BYTES):
        answer.append(piece)
        most_bytes -= len(piece)
        if most_bytes < 0:
            child.kill()
            break
