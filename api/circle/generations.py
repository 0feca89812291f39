"""Generations of travel times: builds tables from a street file, in a separate process, and makes them current.

The tables lie in this host's folder; where there are several hosts, the others rebuild them from the street file, which
the store keeps for them.
"""

import fcntl
import hashlib
import logging
import os
import shutil
import socket
import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Literal

from api.circle.changes import OPERATOR
from api.circle.snapshot import CircleSnapshot, district_boxes, stored_point
from api.circle.store import CircleStore
from api.circle.travel.mode import MODES, Mode, Pace
from api.circle.travel.reach import load_columns
from api.circle.travel.run_build import BUILD_SECONDS, KEEPING, BuildFailed, build, progress_of
from api.limited import Child
from api.refusals import Refusal

log = logging.getLogger("circle.circle")

NETWORK_MARGIN_M = 5_000.0
"""Margin around the points within which streets are kept: one may drive out of a district and back into it."""
MUCH_WORSE = 0.9
"""A network that covers or joins less than this share of what the one in use does is refused."""
REBUILD_PAUSE = timedelta(minutes=1)
LOCK_PAUSE_SECONDS = 1.0
"""The pause between two looks whether another process of this host has ended its rebuild."""
NEVER = datetime.min.replace(tzinfo=UTC)
Hosts = Literal["one", "several"]
"""Whether other hosts need the street file, to rebuild what this one builds."""
Row = dict[str, Any]


class NetworkRefused(Refusal):
    """The street file cannot be used; the generation in use stays."""

    code = "network_refused"
    zh = "这个路网文件用不了，原来的路网不变。"
    en = "This street file cannot be used; the network in use stays."


_NETWORK_WORDS = {
    "broken": ("文件读不出来，请重新下载完整的 .osm.pbf。", "The file cannot be read. Get a complete .osm.pbf again."),
    "empty": ("文件里没有能走的路，请换一个区域。", "The file has no usable street. Get another region."),
    "far_away": (
        "文件里的路离服务点太远，请下载本地区的。",
        "Its streets are far from every point. Get your region's.",
    ),
    "too_large": ("文件太大，请先裁剪到本地区。", "The file is too large. Cut it to your region first."),
    "no_points": ("还没有带位置的服务点，请先导入服务点。", "No point has a position yet. Load points first."),
    "worse": (
        "它比现用的差得多，换上后许多地方只能估算。确定要换，请加 --anyway。",
        "It is much worse than the one in use: many places would only be estimated. To use it, add --anyway.",
    ),
    "unknown": ("没有这个版本，请看 circle network list。", "There is no such generation: see circle network list."),
    "gone": (
        "这个版本的文件已不在，请重新导入它的路网文件。",
        "The files of this generation are gone. Add its street file again.",
    ),
    "failed": ("计算没有完成，请看日志后再试。", "The build did not finish. Look at the log, then try again."),
}


class _Ended(Exception):
    """The process ends, and with it a rebuild."""


class Generations:
    """Builds generations, makes them current, rebuilds those that this host lacks, and lists them."""

    def __init__(
        self,
        store: CircleStore,
        *,
        folder: Path,
        transact: Callable[[Callable[[Any], Any]], Any],
        announce: Callable[..., None],
        record: Callable[..., object],
        now: Callable[[], datetime],
        follow: Callable[[datetime], object],
        hosts: Hosts,
        pace: Pace,
    ) -> None:
        self._store, self._folder = store, folder
        self._transact, self._announce, self._now, self._follow = transact, announce, now, follow
        self._record, self._hosts, self._pace = record, hosts, pace
        self._rebuilding, self._ended = threading.Lock(), threading.Event()
        self._rebuilder: threading.Thread | None = None
        self._builder: Child | None = None
        self._rebuild_after = NEVER
        self._rebuilt = False

    def rebuilt(self, current: str | None, now: datetime) -> bool:
        """Start a rebuild in the background if this host lacks the `current` generation.

        Returns whether a rebuild has finished since the last call.
        """
        if current and self._lacks(current):
            self._begin_rebuild(current, now)
        rebuilt, self._rebuilt = self._rebuilt, False
        return rebuilt

    def folder(self, name: str | None) -> Path | None:
        """The folder of a generation; None if `name` is None or this host lacks it, which is logged."""
        if name is None:
            return None
        if (self._folder / name / "generation.json").is_file():
            return self._folder / name
        log.error("generation not on this host", extra={"generation": name})
        return None

    def _lacks(self, name: str) -> bool:
        return self._hosts == "several" and not (self._folder / name / "generation.json").is_file()

    def _begin_rebuild(self, name: str, now: datetime) -> None:
        """Start a rebuild in a thread, at most once per REBUILD_PAUSE."""
        if self._ended.is_set() or now < self._rebuild_after or not self._rebuilding.acquire(blocking=False):
            return
        self._rebuild_after = now + REBUILD_PAUSE
        self._rebuilder = threading.Thread(target=self._rebuild, args=(name,), name="network-rebuild", daemon=True)
        self._rebuilder.start()

    def end(self) -> None:
        """End a rebuild, which the next start begins again: after this it needs the store no more."""
        self._ended.set()
        if self._builder is not None:
            self._builder.kill()
        if self._rebuilder is not None:
            self._rebuilder.join()

    def _rebuild(self, name: str) -> None:
        """Fetch the street file and build; a file lock lets one process of a host do it, the others find it done."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / ".rebuild.lock").open("w") as lock:
                while not _locked(lock):
                    if self._ended.wait(LOCK_PAUSE_SECONDS):
                        return
                if self._lacks(name):
                    self._fetch_and_build(name)
            self._rebuilt = True
        except _Ended:
            log.info("the rebuild of a generation ends with its process", extra={"generation": name})
        except Exception:
            log.exception("generation not rebuilt", extra={"generation": name})
        finally:
            self._rebuilding.release()

    def _fetch_and_build(self, name: str) -> None:
        row = next(row for row in self._store.networks() if row["_id"] == name)
        source = self._folder / f".{row['file']}.{os.getpid()}"
        try:
            if not self._store.fetch_source(row["sha256"], source, self._check_end):
                raise FileNotFoundError(row["file"])
            self._build(self._request(source, name), begun=self._take_builder)
            log.info("generation rebuilt", extra={"generation": name})
        finally:
            source.unlink(missing_ok=True)

    def _check_end(self) -> None:
        """Raises _Ended at the end of the process."""
        if self._ended.is_set():
            raise _Ended

    def _take_builder(self, builder: Child) -> None:
        self._builder = builder
        self._check_end()

    def _prune(self) -> None:
        """Remove old generations of this host, except the current and the one before it.

        A process may still read that one for a second; memory-mapped files stay readable until they are unmapped.
        """
        current = self._store.current()["generation"]
        old = sorted(path.parent for path in self._folder.glob("*/generation.json") if path.parent.name != current)
        for folder in old[:-1]:
            shutil.rmtree(folder, ignore_errors=True)

    def add(self, file: Path, tell: Callable[[str], None] = lambda line: None, *, anyway: bool = False) -> str:
        """Build a generation from an .osm.pbf file, make it current and return its name.

        `tell` is called with each line of progress. Two builds of one host take turns. Raises NetworkRefused, and then
        the old generation stays current: also if the new one covers much less than that (MUCH_WORSE), unless `anyway`.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(self._folder, os.O_RDONLY)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                tell("another network is being built; this one waits for its turn")
                fcntl.flock(lock, fcntl.LOCK_EX)
            return self._add(file, tell, anyway=anyway)
        finally:
            os.close(lock)

    def use(self, name: str) -> None:
        """Make an earlier generation current again. Raises NetworkRefused if it is unknown, or its files are gone."""
        row = next((row for row in self._store.networks() if row["_id"] == name), None)
        if row is None:
            raise _refused("unknown", name)
        if not self._is_usable(row):
            raise _refused("gone", name)
        self._make_current(name, "network.use")

    def _is_usable(self, row: Row) -> bool:
        """Whether this host has the generation, or the hosts can rebuild it."""
        return (self._folder / row["_id"] / "generation.json").is_file() or (
            self._hosts == "several" and self._store.has_source(row["sha256"])
        )

    def _make_current(self, name: str, act: str, fresh: Row | None = None) -> None:
        def write(session: Any) -> None:
            if fresh is not None:
                self._store.add_network(session, {"_id": name, "v": 1, "added_at": self._now(), **fresh})
            self._store.change(session, generation=name)
            self._record(OPERATOR, act, f"network:{name}", session=session)
            self._announce(session, "network.changed", name)

        self._transact(write)
        self._follow(self._now())

    def _add(self, file: Path, tell: Callable[[str], None], *, anyway: bool) -> str:
        request = self._request(file, self._name(file))
        if not request["boxes"]:
            raise _refused("no_points", "")
        try:
            about = self._build(request, tell)
        except BuildFailed as error:
            raise _refused(error.code, str(error)) from error
        generation: str = about["generation"]
        points = len(request["positions"])
        tell(_cover_in_words(about["modes"]["walk"], points))
        worse = None if anyway else self._much_worse(about["modes"], points)
        if worse:
            shutil.rmtree(self._folder / generation, ignore_errors=True)
            raise _refused("worse", worse)
        if self._hosts == "several":
            tell(KEEPING)
            self._store.put_source(about["sha256"], self._folder / about["generation"] / "source.osm.pbf")

        fresh = {key: value for key, value in about.items() if key != "generation"}
        self._make_current(generation, "network.add", fresh)
        self._prune()
        return generation

    def _much_worse(self, modes: Row, points: int) -> str | None:
        """In which mode the new tables cover or join much less than the current ones, in words; None if in none."""
        current = self._store.current()["generation"]
        before = next((row for row in self._store.networks() if row["_id"] == current), None)
        if before is None:
            return None
        for mode in MODES:
            new, old = modes[mode], before["modes"][mode]
            snapped = old.get("snapped", self._snapped(current, mode))
            before_of, pairs = old.get("columns", points), points * (points - 1)
            joined_pairs = min(old.get("joined", 0) * before_of * (before_of - 1), pairs)
            if new["snapped"] < MUCH_WORSE * min(snapped, points) or new["joined"] * pairs < MUCH_WORSE * joined_pairs:
                return f"{mode}: {_cover_in_words(new, points)}; in use: {_cover_in_words(old | {'snapped': snapped})}"
        return None

    def _snapped(self, name: str, mode: Mode) -> int:
        """How many positions have a street near in a generation of an earlier release, by its tables; 0 if not here."""
        try:
            return sum(bool(column.feet) for column in load_columns(self._folder / name / mode).values())
        except OSError:
            return 0

    def _build(
        self,
        request: Row,
        tell: Callable[[str], None] = lambda line: None,
        begun: Callable[[Child], None] = lambda builder: None,
    ) -> Row:
        """Run the builder; its progress is written to the store, for the console of any host. Raises BuildFailed."""
        name, host, began = Path(request["out"]).name, socket.gethostname(), self._now()
        row: Row = {
            "_id": f"{name}:{host}",
            "v": 1,
            "generation": name,
            "file": Path(request["file"]).name,
            "host": host,
        }
        row |= {"state": "building", "began_at": began, "code": None, "step": "reading"}

        def note(**progress: Any) -> None:
            try:
                self._store.put_build({**row, "at": self._now(), **progress})
            except Exception:
                # Whoever watches sees less; the build goes on.
                log.warning("progress not kept", exc_info=True)

        def pass_on(line: str) -> None:
            note(**progress_of(line)._asdict())
            tell(line)

        self._store.forget_builds(host, began - timedelta(seconds=BUILD_SECONDS))
        try:
            about: Row = build("build", request, pass_on, begun=begun)
        except BaseException as error:
            if self._ended.is_set():
                self._store.end_build(row["_id"])
                raise _Ended from None
            note(state="failed", code=getattr(error, "code", "failed"))
            raise
        self._store.end_build(row["_id"])
        return about

    def _request(self, file: Path, name: str) -> Row:
        """The request to the builder, for the points as they stand in the store."""
        points = [stored_point(row) for row in self._store.points()]
        boxes = [box.grown(NETWORK_MARGIN_M) for box in district_boxes(points)]
        return {
            "file": str(file.absolute()),
            "out": str((self._folder / name).absolute()),
            "positions": [point.position for point in points if point.position],
            "boxes": [(box.west, box.south, box.east, box.north) for box in boxes],
            "pace": asdict(self._pace),
        }

    def _name(self, file: Path) -> str:
        """The name of a generation: the time, and the beginning of the file's SHA-256. Raises NetworkRefused."""
        try:
            with file.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
        except OSError as error:
            raise _refused("broken", str(error)) from error
        return f"{self._now():%Y%m%dT%H%M%SZ}-{digest[:8]}"

    def builds(self) -> list[Row]:
        """Builds that run or failed on any host, the newest first; `why` gives the reason of a failure in words."""
        blank = {"mode": None, "done": None, "of": None}
        return [{**blank, **row, "why": _why(row["code"])} for row in self._store.builds()]

    def listed(self, snapshot: CircleSnapshot) -> list[Row]:
        """The generations that were built, the newest first, each with its `state` in this process.

        `snapshot` is what this process answers from; `points` of `of` placed points have a street near, and `joined` is
        the share of their pairs that a way on foot joins (None for one of an earlier release). `usable`: see `use`.
        """
        current, reach = self._store.current()["generation"], snapshot.reach
        places = [point.position for point in snapshot.placed if point.position]
        rows = []
        for row in self._store.networks():
            used, name = reach is not None and reach.generation == row["_id"], row["_id"]
            missing = "building" if self._rebuilding.locked() else "missing"
            state = "in_use" if used else missing if name == current else "old"
            walk = row["modes"]["walk"]
            nodes = {mode: sizes["nodes"] for mode, sizes in row["modes"].items()}
            rows.append(
                {
                    **row,
                    "generation": name,
                    "current": name == current,
                    "state": state,
                    "points": reach.modes["walk"].covered if reach and used else walk.get("snapped"),
                    "of": len(places),
                    "joined": walk.get("joined"),
                    "usable": self._is_usable(row),
                    "nodes": nodes,
                }
            )
        return rows


def _cover_in_words(walk: Row, points: int | None = None) -> str:
    of = "" if points is None else f" of {points}"
    joined = f", {walk['joined']:.0%} of their pairs joined" if "joined" in walk else ""
    return f"{walk['snapped']}{of} points have a street near{joined}"


def _why(code: str | None) -> dict[str, str] | None:
    """The words for a failure's code, in both languages; None for None."""
    return dict(zip(("zh", "en"), _NETWORK_WORDS[code], strict=True)) if code else None


def _locked(file: IO[str]) -> bool:
    """Whether this process has the lock of a file now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _refused(code: str, detail: str) -> NetworkRefused:
    zh, en = _NETWORK_WORDS[code]
    return NetworkRefused(
        {"file": [detail]} if detail else None, zh=NetworkRefused.zh + zh, en=f"{NetworkRefused.en} {en}"
    )
