"""The diagnosis of an installation: a table of findings with what to do, none with a secret.

`fail` must be mended before the service works rightly; `note` is for a person to weigh.
"""

import fcntl
import json
import os
import re
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from api import private
from api.circle.desks import accepting_halls
from api.circle.point import ServicePoint
from api.circle.snapshot import stored_point
from api.files.clamd import EICAR, Clamd, ScannerDown
from api.limited import Program
from api.operations.store import OperationsStore
from api.refusals import CannotStart
from api.settings import TRIAL_RIGHTS, Settings
from api.storage.database import Database
from api.times import BEIJING

DIST = Path(__file__).parents[1] / "pages" / "dist"

LEAST_FREE = 500_000_000
FEW_FREE = 5_000_000_000
MOST_SKEW_SECONDS = 2.0
MOST_SIGNATURE_DAYS = 7
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """The state of one thing that was examined, and what to do if it is not well."""

    name: str
    state: Literal["ok", "note", "fail"]
    words: str
    todo: str = ""


def examine(
    settings: Settings,
    joined: Callable[[Settings], AbstractContextManager[Database]],
    versions: Mapping[str, int],
    now: Callable[[], datetime],
) -> list[Finding]:
    """Examine the installation; `joined` connects to the running store, or starts it for the examination."""
    findings = list(machine(settings))
    if not settings.mongodb_uri and not (settings.var / "store").exists():
        return [*findings, Finding("store", "note", f"none in {settings.var} yet", "The first start makes it.")]
    try:
        with joined(settings) as database:
            return [*findings, *store(OperationsStore(database).state(), settings, versions, now())]
    except CannotStart as error:
        return [*findings, Finding("store", "fail", str(error))]


def machine(settings: Settings, dist: Path = DIST) -> Iterator[Finding]:
    """The findings that do not need the store."""
    yield _libraries()
    yield Finding("settings", "ok", f"{_size(settings)} size, {settings.public_base}")
    yield _trial(settings)
    yield _disk(settings.var)
    yield _lock(settings)
    yield _shut(settings.var)
    yield _keys(settings.keys)
    yield _pages(dist)
    yield _sms(settings)
    yield _scanner(settings.clamd)
    yield _isolation(settings)
    yield _notice(settings)
    if settings.redis_url:
        yield _redis(settings.redis_url)


def store(state: Row, settings: Settings, versions: Mapping[str, int], now: datetime) -> Iterator[Finding]:
    """The findings about the store, from `OperationsStore.state`."""
    if "error" in state:
        todo = "Start mongod, or look at MONGODB_URI." if settings.mongodb_uri else "Look at store.log in CIRCLE_VAR."
        yield Finding("store", "fail", f"takes no write ({state['error']})", todo)
        return
    if state["replica_set"]:
        yield Finding("store", "ok", "answers and takes writes")
    else:
        yield Finding("store", "fail", "is no replica set", "Start mongod with --replSet and run rs.initiate().")
    yield _clock(abs((state["time"] - now).total_seconds()))
    yield _documents(state, versions)
    yield _sealed(state, settings.keys)
    yield _staff(state["staff"], settings)
    yield _parked(state["parked"])
    yield _desks([stored_point(row) for row in state["points"]], state["staff_at"], now)
    yield _confirmed(state["unconfirmed"])
    yield _network(state["generation"], settings.var / "networks")


def table(findings: list[Finding]) -> str:
    """The findings as lines, with what to do under each that is not well."""
    marks = {"ok": "ok  ", "note": "note", "fail": "FAIL"}
    lines = []
    for finding in findings:
        lines.append(f"{marks[finding.state]}  {finding.name:<10}  {finding.words}")
        if finding.todo:
            lines.append(f"{'':18}→ {finding.todo}")
    return "\n".join(lines)


def _size(settings: Settings) -> str:
    if settings.pocket:
        return "pocket"
    return "city" if settings.redis_url else "office"


def _trial(settings: Settings) -> Finding:
    if not settings.lenient:
        return Finding("trial", "ok", "no, this is for real use")
    reached = f"; others may reach it: {'; '.join(settings.reachable_by)}" if settings.reachable_by else ""
    todo = "For real use set MONGODB_URI, PUBLIC_BASE and the TWILIO_… settings, and not CIRCLE_DEV."
    return Finding("trial", "note", f"yes: {TRIAL_RIGHTS}{reached}", todo)


def _libraries() -> Finding:
    words = f"Python {sys.version.split()[0]}"
    missing = []
    for line in requires("service-circle") or []:
        if "extra ==" in line:
            continue
        name = re.split(r"[^\w.-]", line)[0]
        try:
            version(name)
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding("python", "fail", f"{words}; missing: {', '.join(missing)}", "make install")
    return Finding("python", "ok", f"{words}, all libraries are there")


def _disk(var: Path) -> Finding:
    there = next(path for path in (var, *var.parents) if path.exists())
    if not os.access(there, os.W_OK):
        return Finding("disk", "fail", f"{there} cannot be written", "Give this user the folder, or set CIRCLE_VAR.")
    free = shutil.disk_usage(there).free
    words = f"{free / 1e9:.1f} GB free at {there}"
    if free < LEAST_FREE:
        return Finding("disk", "fail", words, "Make room: uploads and the store's journal need it.")
    return Finding("disk", "note" if free < FEW_FREE else "ok", words, "Make room soon." if free < FEW_FREE else "")


def _lock(settings: Settings) -> Finding:
    lock = settings.var / "store.lock"
    if settings.mongodb_uri or not lock.exists():
        return Finding(
            "running", "ok", "the store is a server of its own" if settings.mongodb_uri else "not started yet"
        )
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return Finding("running", "ok", f"a circle runs on {settings.var}")
    return Finding("running", "ok", f"no circle runs on {settings.var}")


def _shut(var: Path) -> Finding:
    """Whether other users of the machine can open the data folder, or what lies in it."""
    paths = [var, *sorted(var.iterdir())] if var.exists() and os.access(var, os.R_OK | os.X_OK) else [var]
    loose = private.open_to_others(paths)
    if var in loose:
        todo = f"chmod -R go= {var}; if others use this machine, take what lies in it as read by them"
        return Finding("access", "fail", f"others can open {', '.join(path.name for path in loose)}", todo)
    return Finding("access", "ok", f"{var} is for its owner alone" if var.exists() else "no data folder yet")


def _keys(folder: Path) -> Finding:
    files = sorted(folder.glob("*.key")) if folder.exists() else []
    if not files:
        return Finding("keys", "note", f"none in {folder}", "They are made at the first start; keep a copy elsewhere.")
    unreadable = [path.name for path in files if not os.access(path, os.R_OK)]
    if unreadable:
        todo = f"chown them to the user that runs circle: {', '.join(unreadable)}"
        return Finding("keys", "fail", f"cannot be read in {folder}", todo)
    loose = private.open_to_others((folder, *files))
    if loose:
        todo = f"chmod 700 {folder}; chmod 600 {folder}/*.key"
        return Finding("keys", "fail", f"others can read {', '.join(path.name for path in loose)}", todo)
    if not (folder / "index.key").exists() or len(files) < 2:
        return Finding("keys", "fail", f"{folder} is not whole", "Put back your copy of CIRCLE_KEYS.")
    return Finding("keys", "ok", f"{len(files)} files in {folder}, for the owner alone")


def _pages(dist: Path) -> Finding:
    if (dist / "index.html").exists():
        return Finding("pages", "ok", "built")
    node = shutil.which("node") or (Path(sys.prefix) / "node/bin/node").exists()
    todo = "make pages" if node else "make pages (node is missing too; make fetches it)"
    return Finding("pages", "fail", "not built: browsers find nothing", todo)


def _sms(settings: Settings) -> Finding:
    if settings.twilio:
        return Finding("sms", "ok", "sent by Twilio")
    return Finding("sms", "note", "shown on the console only", "Set the TWILIO_… settings before citizens use it.")


def _scanner(address: str) -> Finding:
    """Whether uploads are scanned for viruses; a scanner that does not know the test file is none."""
    if not address:
        words = "uploads are opened and checked, but not scanned for viruses"
        return Finding("scanner", "note", words, "apt-get install clamav-daemon; CLAMD=/run/clamav/clamd.ctl")
    scanner = Clamd(address)
    try:
        version, threat = scanner.version(), scanner.scan([EICAR])
    except ScannerDown as error:
        todo = "Start clamd, or look at CLAMD; its user must be let in to the socket's folder."
        return Finding("scanner", "fail", f"no answer, so uploads wait unchecked ({error})", todo)
    if threat is None:
        todo = "Run freshclam: it has no signatures that are of use."
        return Finding("scanner", "fail", f"{version.program} does not know the test file EICAR", todo)
    if version.signatures_at is not None:
        age = (datetime.now(UTC) - version.signatures_at).days
        if age > MOST_SIGNATURE_DAYS:
            todo = "Look at freshclam: it renews them several times a day."
            return Finding("scanner", "fail", f"{version.program}, signatures are {age} days old", todo)
    return Finding("scanner", "ok", f"{version.program} scans uploads")


def _isolation(settings: Settings) -> Finding:
    """Let a process isolate itself as those do that open uploads, and try to get out."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        paths = {"keys": str(settings.keys), "folder": str(settings.var)}
        targets = {**paths, "port": port, "process": os.getpid(), "cpu_seconds": 20}
        ended = Program("api.isolation").run(json.dumps(targets).encode(), seconds=30)
    if ended.status != 0:
        return Finding("isolation", "fail", f"what opens uploads does not start: {ended.last_line}", "Look at the log.")
    seen = ended.as_json()
    layers = {"other_user": "another user", "namespaces": "namespaces", "filtered": "a filter of system calls"}
    words = ", ".join(name for key, name in layers.items() if seen[key]) or "nothing"
    if seen["reached"]:
        todo = "Allow unprivileged user namespaces (kernel.unprivileged_userns_clone=1), or install libseccomp2."
        return Finding("isolation", "fail", f"what opens uploads could {', '.join(seen['reached'])}", todo)
    return Finding("isolation", "ok", f"uploads are opened without network, keys and files, by {words}")


def _notice(settings: Settings) -> Finding:
    if settings.office_name and settings.office_contact:
        return Finding("notice", "ok", f"personal information is handled by {settings.office_name}")
    words = "the page of personal information does not say who handles it"
    todo = "Set OFFICE_NAME and OFFICE_CONTACT (个人信息保护法 第17条)."
    return Finding("notice", "note" if settings.lenient else "fail", words, todo)


def _redis(url: str) -> Finding:
    where = urlsplit(url)
    address = (where.hostname or "localhost", where.port or 6379)
    try:
        socket.create_connection(address, 3).close()
    except OSError as error:
        todo = "Start Redis, or look at REDIS_URL."
        return Finding("redis", "fail", f"{address[0]}:{address[1]} does not answer ({error.strerror})", todo)
    return Finding("redis", "ok", f"{address[0]}:{address[1]} answers")


def _clock(skew: float) -> Finding:
    words = f"this machine and the store differ by {skew:.1f} s"
    if skew > MOST_SKEW_SECONDS:
        return Finding("clock", "fail", words, "Run an NTP client on both: leases and deadlines go by the clock.")
    return Finding("clock", "ok", words)


def _documents(state: Row, versions: Mapping[str, int]) -> Finding:
    if state["restoring"]:
        return Finding("documents", "fail", "a restore was cut off", "circle restore FILE --force")
    schema = state["schema"] or {"versions": {}, "settled": False}
    if any(there > versions.get(name, 1) for name, there in schema["versions"].items()):
        return Finding("documents", "fail", "of a newer release", "Install that release.")
    if schema["versions"] != dict(versions) or not schema["settled"]:
        return Finding("documents", "note", "not at this release's versions yet", "circle migrate")
    return Finding("documents", "ok", "at this release's versions")


def _sealed(state: Row, folder: Path) -> Finding:
    if state["keys"] and not list(folder.glob("seal-*.key")):
        return Finding("sealing", "fail", f"the store's keys are not in {folder}", "Put back your copy of CIRCLE_KEYS.")
    return Finding("sealing", "ok", "keys and store belong together" if state["keys"] else "nothing is sealed yet")


def _staff(count: int, settings: Settings) -> Finding:
    if count:
        return Finding("staff", "ok", f"{count} members")
    todo = "The first start makes some." if settings.lenient else "circle staff add USERNAME --name … --role …"
    return Finding("staff", "note" if settings.lenient else "fail", "none: nobody can handle a case", todo)


def _parked(parked: Mapping[str, int]) -> Finding:
    words = ", ".join(f"{count} {name}" for name, count in parked.items() if count)
    if words:
        return Finding("work", "fail", f"failed for good: {words}", "Look at their reasons and at the log.")
    return Finding("work", "ok", "nothing failed for good")


def _desks(points: Sequence[ServicePoint], staff_at: Mapping[str, int], now: datetime) -> Finding:
    """Whether somebody accepts new cases and talks, and no staff is left at a desk that is closed or has moved."""
    if not points:
        return Finding("desks", "note", "no points yet", "The first start loads them.")
    accepting = accepting_halls(points, now.astimezone(BEIJING).date())
    left = [
        f"{staff_at[p.id]} staff at {p.id}"
        for p in points
        if staff_at.get(p.id) and p not in accepting and (p.built == "no" or p.kind == "hall")
    ]
    if not accepting:
        return Finding(
            "desks", "fail", "no hall accepts work: new cases and talks reach nobody", "Open a hall's point."
        )
    names = ", ".join(hall.id for hall in accepting)
    if left:
        todo = "Post them to a desk that accepts work; `circle check` lists what else is left there."
        return Finding(
            "desks", "fail", f"new work goes to {names}, but closed desks are in use: {', '.join(left)}", todo
        )
    return Finding("desks", "ok", f"new work goes to {names}")


def _confirmed(count: int) -> Finding:
    if count:
        return Finding("data", "note", f"{count} service points are not confirmed", "circle check lists what is open.")
    return Finding("data", "ok", "every service point is confirmed")


def _network(generation: str | None, folder: Path) -> Finding:
    if generation is None:
        todo = "circle network add FILE.osm.pbf"
        return Finding("network", "note", "no street network: travel times are estimates and say so", todo)
    if not (folder / generation / "generation.json").exists():
        todo = "circle network add FILE.osm.pbf on this host"
        return Finding("network", "fail", f"generation {generation} is not on this host", todo)
    return Finding("network", "ok", f"generation {generation}")
