"""The embedded store: SecantusDB as a child process on a free loopback port, its data in CIRCLE_VAR.

It is GPL-2.0-only, so it runs as a separate program reached over TCP and is never imported. Every user of the machine
can reach a loopback port, so it asks for a password (SCRAM-SHA-256), which lies in CIRCLE_VAR for the owner alone. A
watch restarts it, on the same port and folder, when it has died or takes no write any more.
"""

import ctypes
import fcntl
import json
import logging
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import IO, Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure

from api import private
from api.refusals import CannotStart

log = logging.getLogger("circle.store")

START_SECONDS = 60
STOP_SECONDS = 10
FREED_SECONDS = 10
"""How long a folder may stay busy: the store of a killed process writes its last page before it ends."""
MOST_LOG = 1_000_000
MOST_TRIES = 500
OPTIONS = ["--host", "127.0.0.1", "--sync-on-commit", "--log-level", "WARNING"]
OPTIONS += ["--cache-size", "256MB", "--oplog-retention-seconds", "600"]
"""The cache is taken only as it is needed. At 64 MB a few uploads fill it and every writer waits for ever (tried);
the log of operations is for replicas, of which there are none."""
CONNECT = "directConnection=true&retryWrites=false&authSource=admin&authMechanism=SCRAM-SHA-256"
"""Retries of writes are ours (storage/resending.py): those of the driver make each write read those of half an hour."""

WRITTEN_SECONDS = 5.0
"""A probe that takes longer has failed; after several failures in a row the store is restarted."""

SHARDS = 16
"""Tables that the store spreads its collections over, each made when the first collection falls to it. A SIGKILL while
one is made leaves a store that never opens again (tried), so all are made before anybody is told the address."""

USER = "circle"
OWN_DATABASES = frozenset({"admin", "config", "local"})
"""What the store itself has before anybody has written anything."""

PR_SET_PDEATHSIG = 1
PORT_TAKEN = "Port {} on 127.0.0.1 was taken by another program: end it, or start again."


class StoreBusy(CannotStart):
    """Another process owns this data folder, or the store did not start; the message says which and what to do."""


class FolderBusy(StoreBusy):
    """Another store process has this folder open."""


class PortTaken(StoreBusy):
    """Another program listens on the port."""


class EmbeddedStore:
    """The store process of one data folder, and the file lock that keeps others off the folder."""

    def __init__(self, var: Path) -> None:
        self.folder = var / "store"
        self.notice = var / "store.json"
        self._log = var / "store.log"
        self._lock_path = var / "store.lock"
        self._making = var / "store.making"
        self._password = var / "store.password"
        self._guarded = True
        self._lock: IO[str] | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.uri = ""
        self.pid = 0

    def start(self) -> str:
        """Start the child and return its URI, which holds its password. Raises StoreBusy."""
        private.make_folder(self.folder.parent)
        private.make_folder(self.folder)
        self._guarded = True  # also after a start that failed while it set the password
        self._take_lock()
        try:
            self._begin_new()
            if self._making.exists() or not self._password.exists():
                self._begin_guarded()
            else:
                self._start_somewhere()
                if not self._knows_only_us():
                    self._begin_guarded()
            self._making.unlink(missing_ok=True)
            self._say_where()
        except BaseException:
            self.stop()
            raise
        return self.uri

    def restart(self) -> None:
        """Kill the child if it still runs, and start it again under the same URI. Raises StoreBusy."""
        self._end(signal.SIGKILL)
        self._run(self.port)

    def alive(self) -> bool:
        """Whether the child still runs."""
        return self._child is not None and self._child.poll() is None

    def stop(self) -> None:
        """Stop the child cleanly and release the lock on the folder. Idempotent."""
        if self._child is not None:
            self._end(signal.SIGTERM)
            self.notice.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    # -- inside -----------------------------------------------------------

    def _say_where(self) -> None:
        """Tell other commands of this user where the store is (`running_uri`)."""
        private.write(self.notice, json.dumps({"pid": os.getpid(), "uri": self.uri}))

    def _take_lock(self) -> None:
        lock = self._lock_path.open("a")
        private.shut(self._lock_path)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise StoreBusy(
                f"The data folder {self._lock_path.parent} is in use by another running circle. "
                "Stop that one first, or set CIRCLE_VAR to another folder."
            ) from None
        self._lock = lock

    def _begin_new(self) -> None:
        """Empty a folder whose creation was interrupted: it holds nothing that was acknowledged."""
        if self._making.exists():
            shutil.rmtree(self.folder)
            private.make_folder(self.folder)
        if not any(self.folder.iterdir()):
            self._making.touch()

    def _knows_only_us(self) -> bool:
        """Whether the store, which asks for a password, knows us by ours and nobody else by any."""
        self.uri = f"mongodb://{USER}:{self._password.read_text()}@127.0.0.1:{self.port}/?{CONNECT}"
        with closing(self._client()) as client:
            try:
                return _users(client) == [("admin", USER)]
            except OperationFailure:
                return False

    def _begin_guarded(self) -> None:
        """Give a new store, or one of an earlier release, its user: once without a password, then never again.

        What another user of the machine could do in between is looked for. Raises StoreBusy if there is anything.
        """
        self._end(signal.SIGKILL)
        if not self._password.exists():
            private.write(self._password, secrets.token_urlsafe(32))
        self._guarded = False
        self._start_somewhere()
        self.uri = f"mongodb://127.0.0.1:{self.port}/?directConnection=true"
        with closing(self._client()) as client:
            self._make_shards(client)
            for database, user in _users(client):
                client[database].command("dropUser", user)
            client.admin.command("createUser", USER, pwd=self._password.read_text(), roles=["root"])
        self._guarded = True
        self.restart()
        if not self._knows_only_us() or (self._making.exists() and self._has_data()):
            raise StoreBusy(
                "Another program of this machine wrote into the embedded store while it was set up. "
                "Find out which one, then start again."
            )

    def _client(self) -> MongoClient[dict[str, Any]]:
        return MongoClient(self.uri, timeoutMS=START_SECONDS * 1000)

    def _has_data(self) -> bool:
        with closing(self._client()) as client:
            return not OWN_DATABASES.issuperset(client.list_database_names())

    def _make_shards(self, client: MongoClient[dict[str, Any]]) -> None:
        """Insert into one collection after another until every shard has its table on the disk.

        A kill while the store creates such a table would destroy the store for good.
        """
        if self._shards() < SHARDS:
            for n in range(MOST_TRIES):
                client["making"][f"c{n}"].insert_one({})
                if self._shards() >= SHARDS:
                    break
            client.drop_database("making")

    def _shards(self) -> int:
        return len(list(self.folder.glob("secantus_documents_sh*.wt")))

    def _start_somewhere(self) -> None:
        """Start on a free port; retry if the port is taken meanwhile, or the folder is still being released."""
        deadline = time.monotonic() + FREED_SECONDS
        while True:
            self.port = free_port()
            try:
                return self._run(self.port)
            except (FolderBusy, PortTaken):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _run(self, port: int) -> None:
        if _taken(port):
            raise PortTaken(PORT_TAKEN.format(port))
        if self._log.exists() and self._log.stat().st_size > MOST_LOG:
            self._log.unlink()
        guard = ["--auth"] if self._guarded else []
        with self._log.open("ab") as output:
            before = output.tell()
            self._child = subprocess.Popen(
                [_program(), "--port", str(port), "--storage-path", str(self.folder), *OPTIONS, *guard],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                umask=private.OTHERS,
                start_new_session=True,  # Ctrl-C in a terminal is ours to pass on, after the last write
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
        self.pid = self._child.pid
        deadline = time.monotonic() + START_SECONDS
        while self.alive() and time.monotonic() < deadline:
            if _answers(port) and self.alive():
                return
            time.sleep(0.02)
        self._end(signal.SIGKILL)
        raise self._why(port, before)

    def _why(self, port: int, before: int) -> StoreBusy:
        with self._log.open(errors="replace") as output:
            output.seek(before)
            words = output.read()
        if "Device or resource busy" in words:
            return FolderBusy(
                f"Another store process still has the data folder {self.folder} open. "
                "End that process (secantusd-py), or set CIRCLE_VAR to another folder."
            )
        if "Address already in use" in words:
            return PortTaken(PORT_TAKEN.format(port))
        return StoreBusy(f"The embedded store did not start. Its last words, from {self._log}:\n{words[-800:]}")

    def _end(self, how: signal.Signals) -> None:
        """Send the child this signal until it has exited; kill it after STOP_SECONDS.

        A store that is stopping waits two seconds for one more connection, so it gets one. A signal that arrives while
        it creates a thread for a connection can be lost (seen), so it is sent again as long as the store answers.
        """
        if self._child is None:
            return
        deadline = time.monotonic() + STOP_SECONDS
        self._child.send_signal(how)
        while not self._gone(0.2):
            if time.monotonic() > deadline:
                self._child.kill()
            elif _answers(self.port) and not self._gone(0.5) and _answers(self.port) and not self._gone(0.2):
                self._child.send_signal(how)
        self._child = None

    def _gone(self, within: float) -> bool:
        assert self._child is not None
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(within)
        return not self.alive()


class Watch:
    """Restarts a store: at once if it died, after `most_misses` failed probes in a row if it takes no write.

    `probe` writes a little within a time limit, or raises; it is called every `pause` seconds. A restart loses nothing
    that was acknowledged, since commits are synced to the disk; requests that wait meanwhile get 503.
    """

    def __init__(
        self, store: EmbeddedStore, probe: Callable[[], None], *, pause: float = 1.0, most_misses: int = 4
    ) -> None:
        self._store = store
        self._probe = probe
        self._pause = pause
        self._most_misses = most_misses
        self._misses = 0
        self.restarts = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="store-watch", daemon=True)

    def start(self) -> None:
        """Start the thread that probes the store."""
        self._thread.start()

    def stop(self) -> None:
        """Stop probing. The caller then stops the store: a child that this thread restarted dies with it (prctl(2))."""
        self._stopping.set()
        self._thread.join()

    def look(self) -> None:
        """Probe once, and restart the store if needed. Raises StoreBusy if it does not start."""
        if self._store.alive():
            try:
                self._probe()
            except Exception as error:
                self._misses += 1
                log.warning("the store took no write", extra={"error": type(error).__name__, "misses": self._misses})
            else:
                self._misses = 0
            if self._misses < self._most_misses and self._store.alive():
                return
        log.error("the store is started again", extra={"died": not self._store.alive()})
        self._store.restart()
        self._misses = 0
        self.restarts += 1

    def _loop(self) -> None:
        while not self._stopping.wait(self._pause):
            try:
                self.look()
            except StoreBusy as busy:
                log.error("the store does not start", extra={"error": str(busy)})


def running_uri(var: Path) -> str | None:
    """The URI of the store that another process runs on this folder, with its password; None if none runs."""
    try:
        running = json.loads((var / "store.json").read_text())
        os.kill(running["pid"], 0)
    except (OSError, ValueError, KeyError):
        return None
    return str(running["uri"])


def _users(client: MongoClient[dict[str, Any]]) -> list[tuple[str, str]]:
    """Whom the store knows: (database, name)."""
    return [(user["db"], user["user"]) for user in client.admin["system.users"].find()]


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _program() -> str:
    beside = Path(sys.executable).with_name("secantusd-py")
    program = str(beside) if beside.exists() else shutil.which("secantusd-py")
    if not program:
        raise StoreBusy(
            "The embedded store is not installed: pip install 'service-circle[embedded]', or set MONGODB_URI."
        )
    return program


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that wait for their end are no bar
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _die_with_parent() -> None:
    """Have the kernel kill this child when its parent dies, so that the next start finds the folder free (prctl(2)).

    By SIGKILL, which loses nothing that was acknowledged: a store that hangs or is just starting ignores SIGTERM.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
