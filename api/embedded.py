"""The embedded store: SecantusDB as a child process on a free loopback port, its data in CIRCLE_VAR.

It is GPL-2.0-only: run as a program of its own and spoken to over TCP, never imported.
"""

import ctypes
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

START_SECONDS = 20
OPTIONS = ["--host", "127.0.0.1", "--sync-on-commit", "--log-level", "WARNING"]
OPTIONS += ["--cache-size", "256MB", "--oplog-retention-seconds", "600"]
"""The cache is taken only as it is needed. At 64 MB a few uploads fill it and every writer waits for ever (tried);
the log of operations is for replicas, of which there are none."""

PR_SET_PDEATHSIG = 1


class StoreBusy(Exception):
    """Another process owns this data folder, or the store did not start; the message says which."""


class EmbeddedStore:
    """A running child and the lock that makes it the only one on its folder."""

    def __init__(self, var: Path) -> None:
        self.folder = var / "store"
        self.notice = var / "store.json"
        self._log = var / "store.log"
        self._lock_path = var / "store.lock"
        self._lock: IO[str] | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self.uri = ""
        self.pid = 0

    def start(self) -> str:
        """Start the child and return its URI. Raises StoreBusy."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        port = _free_port()
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(
                [_program(), "--port", str(port), "--storage-path", str(self.folder), *OPTIONS],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in a terminal is ours to pass on, after the last write
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
        self.pid = self._child.pid
        self._await_port(port)
        self.uri = f"mongodb://127.0.0.1:{port}/?directConnection=true"
        self.notice.write_text(json.dumps({"pid": os.getpid(), "uri": self.uri}))
        return self.uri

    def alive(self) -> bool:
        """Whether the child still runs."""
        return self._child is not None and self._child.poll() is None

    def stop(self) -> None:
        """Stop the child cleanly and give the folder free. Safe to call twice."""
        if self._child is not None:
            self._child.terminate()
            try:
                self._child.wait(10)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
            self._child = None
            self.notice.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take_lock(self) -> None:
        lock = self._lock_path.open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise StoreBusy(
                f"The data folder {self._lock_path.parent} is in use by another running circle. "
                "Stop that one first, or set CIRCLE_VAR to another folder."
            ) from None
        self._lock = lock

    def _await_port(self, port: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.alive():
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.02)
        tail = self._log.read_text(errors="replace")[-800:]
        self.stop()
        raise StoreBusy(f"The embedded store did not start. Its last words, from {self._log}:\n{tail}")


def running_uri(var: Path) -> str | None:
    """The URI of the store that another process runs on this folder, for commands beside a running server."""
    try:
        told = json.loads((var / "store.json").read_text())
        os.kill(told["pid"], 0)
    except (OSError, ValueError, KeyError):
        return None
    return str(told["uri"])


def _program() -> str:
    beside = Path(sys.executable).with_name("secantusd-py")
    found = str(beside) if beside.exists() else shutil.which("secantusd-py")
    if not found:
        raise StoreBusy(
            "The embedded store is not installed: pip install 'service-circle[embedded]', or set MONGODB_URI."
        )
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    """A killed web process takes its store along, so that the next start finds the folder free (prctl(2))."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
