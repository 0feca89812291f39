"""The use cases of the circle: ask it, look at points, draw it, load points, add a street network.

Questions are answered from memory alone: an immutable picture of the points and the current generation of travel times.
`follow` looks whether the store has moved on and swaps the picture; every process calls it about once a second.
"""

import fcntl
import hashlib
import logging
import os
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from api.circle import circle
from api.circle.area import Box, around, distances_m
from api.circle.builder import BuildFailed, build
from api.circle.circle import Answer, Ask, OpeningAt, Stop
from api.circle.crs import from_wgs84, to_wgs84
from api.circle.drawing import StreetMap
from api.circle.mode import Pace
from api.circle.point import FACILITIES, Handling, ServicePoint, handling_of, point_of, row_of, usual_parts
from api.circle.points_csv import check_point, read_points, write_points
from api.circle.reach import Reach
from api.circle.store import CircleStore
from api.refusals import BadFields, NotFound, Refusal, VersionStale

log = logging.getLogger("circle.circle")

AREA_MARGIN_M = 1_500.0
"""How far around the points of a district questions are answered."""
NETWORK_MARGIN_M = 5_000.0
"""How far around them streets are kept: one drives out of a district and back into it."""
ISOCHRONE_SECONDS = 20
KEPT_ISOCHRONES = 64
REBUILD_PAUSE = timedelta(minutes=1)
NEVER = datetime.min.replace(tzinfo=UTC)
Hosts = Literal["one", "several"]
"""Whether other hosts need the street file to build what this one builds."""
OPERATOR = "operator"
"""Who acts at the command line."""
Row = dict[str, Any]


class NetworkRefused(Refusal):
    """The street file cannot serve; what was in use stays in use."""

    code = "network_refused"
    zh = "这个路网文件用不了，原来的路网不变。"
    en = "This street file cannot be used; the network in use stays."


class NotDrawn(Refusal):
    """An outline took too long or more memory than allowed."""

    code = "unavailable"
    zh = "现在画不出可达范围，请稍后再试。"
    en = "The outline cannot be drawn now. Try again shortly."


class PointExists(Refusal):
    """There is a point with this id already."""

    code = "point_exists"
    zh = "这个编号的服务点已经有了，请换一个编号，或直接修改它。"
    en = "A point with this id exists. Choose another id, or change that one."


class PointInUse(Refusal):
    """Something still hangs on the point; it can be closed (`built: no`), but not deleted."""

    code = "point_in_use"
    zh = "还有人员或咨询挂在这个服务点，不能删除；可以先把“建成”改为“否”，不再让群众前往。"
    en = 'Staff or conversations still hang on this point. Close it instead: set "built" to "no".'


_NETWORK_WORDS = {
    "broken": ("文件读不出来，请重新下载完整的 .osm.pbf。", "The file cannot be read. Get a complete .osm.pbf again."),
    "empty": ("文件里没有能走的路，请换一个区域。", "The file has no usable street. Get another region."),
    "far_away": (
        "文件里的路离服务点太远，请下载本地区的。",
        "Its streets are far from every point. Get your region's.",
    ),
    "too_large": ("文件太大，请先裁剪到本地区。", "The file is too large. Cut it to your region first."),
    "no_points": ("还没有带位置的服务点，请先导入服务点。", "No point has a position yet. Load points first."),
    "failed": ("计算没有完成，请看日志后再试。", "The build did not finish. Look at the log, then try again."),
}


@dataclass(frozen=True)
class Picture:
    """Everything a question needs, as it stood at one revision."""

    revision: int
    points: tuple[ServicePoint, ...]
    versions: dict[str, int]
    reach: Reach | None

    @cached_property
    def by_id(self) -> dict[str, ServicePoint]:
        """Points by id."""
        return {point.id: point for point in self.points}

    @cached_property
    def placed(self) -> tuple[ServicePoint, ...]:
        """Points that have a position, in the order of the tables."""
        return tuple(point for point in self.points if point.position)

    @cached_property
    def positions(self) -> NDArray[np.float64]:
        """Longitude and latitude of those, a row each."""
        return np.array([point.position for point in self.placed], dtype=float).reshape(-1, 2)

    @cached_property
    def faces(self) -> dict[str, Row]:
        """What an answer says of each of those, whoever asks, by id."""
        return {point.id: _face_row(point) for point in self.placed}

    @cached_property
    def area(self) -> tuple[Box, ...]:
        """Where questions are answered: around each district's points, and where there are streets."""
        boxes = [box.grown(AREA_MARGIN_M) for box in district_boxes(self.points)]
        return (*boxes, self.reach.box) if self.reach else tuple(boxes)

    @cached_property
    def streets(self) -> StreetMap | None:
        """The lines for drawing."""
        return StreetMap(self.reach.folder) if self.reach else None


class Circle:
    """The 15-minute circle of this deployment."""

    def __init__(
        self,
        store: CircleStore,
        folder: Path,
        *,
        transact: Callable[[Callable[[Any], Any]], Any],
        announce: Callable[..., None],
        now: Callable[[], datetime],
        opening: OpeningAt,
        check_hours: Callable[[str], object],
        matter: Callable[[str], Mapping[str, Any]],
        record: Callable[..., object] = lambda *told, **session: None,
        hosts: Hosts = "one",
        pace: Pace | None = None,
    ) -> None:
        """`folder` holds the generations. The calendar gives `opening` and `check_hours` (ValueError for bad ones);
        `matter` gives the catalogue entry of a code from memory, or raises NotFound.
        """
        self._store, self._folder = store, folder
        self._transact, self._announce, self._now = transact, announce, now
        self._opening, self._check_hours, self._matter = opening, check_hours, matter
        self._record, self._hosts = record, hosts
        self._rebuilding = threading.Lock()
        self._rebuilt = False
        self._rebuild_after = NEVER
        self.hangs_on: Callable[[str], dict[str, int]] = lambda point_id: {}
        """What hangs on a point, with its number, e.g. `{"staff": 2}`: told by the rooms above, once they stand."""
        self._pace = pace or Pace()
        self._picture = Picture(-1, (), {}, None)
        self._following = threading.Lock()
        self._drawing = threading.Lock()
        self._isochrones: dict[tuple[Any, ...], Row] = {}

    # -- questions, from memory ---------------------------------------------

    def find(self, question: Row) -> Row:
        """The circle around a position, in the shape of `GET /v1/circle`. Raises BadFields."""
        picture = self._picture
        ask = self._ask(question, picture)
        travel = picture.reach.times(ask.mode, ask.lon, ask.lat) if picture.reach else None
        pace = picture.reach.pace if picture.reach else self._pace
        metres = distances_m(ask.lon, ask.lat, picture.positions)
        reached = circle.reached(ask, picture.placed, metres, pace, travel.seconds if travel else None)
        found = circle.answer(ask, reached, self._opening)
        snapped = None if travel is None else round(travel.snap.metres, 1)
        return {
            "basis": "estimate" if travel is None else "network",
            "generation": picture.reach.generation if picture.reach and travel else None,
            "mode": ask.mode,
            "minutes": ask.minutes,
            "speed_kmh": None if travel and ask.mode == "drive" else getattr(pace, ask.mode),
            "origin": {
                "lon": round(ask.lon, 6),
                "lat": round(ask.lat, 6),
                "snapped_m": snapped,
                "off_streets": picture.reach is not None and travel is None,
            },
            **_told(found, picture.faces),
        }

    def points(self) -> tuple[ServicePoint, ...]:
        """All points, by id."""
        return self._picture.points

    def point(self, point_id: str) -> ServicePoint:
        """A point. Raises NotFound."""
        found = self._picture.by_id.get(point_id)
        if found is None:
            raise NotFound
        return found

    def face(self, point: ServicePoint) -> Row:
        """A point as it is shown, with how it stands now and the version of its row."""
        opening = self._opening(point.opening_hours, self._now())
        return {
            **row_of(point),
            "hours_confirmed": point.hours_confirmed,
            "can": usual_parts(point.kind),
            "elsewhere": _elsewhere(point),
            "open": {
                "now": opening.open,
                "closes_at": opening.closes_at,
                "next_opens_at": opening.next_opens_at,
                "provisional": opening.provisional,
            },
            "version": self._picture.versions[point.id],
        }

    def listed(self, kind: str | None, street: str | None, after: str | None, most: int) -> list[Row]:
        """Faces of points by id: up to `most` of those after `after`, of one kind or street where that is named."""
        found = (
            point
            for point in self._picture.points
            if (after is None or point.id > after)
            and kind in (None, point.kind)
            and street in (None, point.street_code)
        )
        return [self.face(point) for point in islice(found, most)]

    def card(self, point_id: str) -> Row:
        """A point on a card in a conversation. Raises NotFound."""
        row = row_of(self.point(point_id))
        return {key: row[key] for key in ("id", "kind", "name", "address", "phone", "hours")}

    def desk_for(self, matter: str | None, point: str | None) -> str | None:
        """The point whose staff answer questions: the hall that was named, else the district's. None without a hall.

        Centres and stations have no desk of their own yet: their questions go to the hall, whatever the matter.
        """
        halls = [p for p in self._picture.points if p.kind == "hall"]
        named = self._picture.by_id.get(point or "")
        near = [hall for hall in halls if named and hall.district == named.district]
        wanted = [named] if named in halls else near or halls
        return wanted[0].id if wanted and wanted[0] else None

    def desk_open(self, desk: str, at: datetime) -> circle.Opening:
        """Whether the staff of a point are there at an instant. Raises NotFound."""
        return self._opening(self.point(desk).opening_hours, at)

    # -- drawing ------------------------------------------------------------

    def streets(self, box: Box) -> Row:
        """Streets in a box as GeoJSON; none without a network."""
        drawn = self._picture.streets
        return drawn.inside(box) if drawn else {"type": "FeatureCollection", "truncated": False, "features": []}

    def isochrone(self, question: Row) -> Row:
        """What is within `minutes` of a point (on the way to it), or of a position (on the way from it), as GeoJSON.

        For drawing only; membership is decided by `find`. Raises BadFields, and NotFound for an unknown point.
        """
        picture = self._picture
        if picture.reach is None:
            raise BadFields({"mode": ["还没有路网，画不出可达范围。"]})
        if "point" in question:
            position = self.point(question["point"]).position
            if position is None:
                raise BadFields({"point": ["这个服务点还没有位置。"]})
        else:
            position = self._place(question, picture)
        mode, minutes = question["mode"], question["minutes"]
        key = (picture.reach.generation, position, mode, minutes, "point" in question)
        about = {"generation": key[0], "mode": mode, "minutes": minutes}
        return {"type": "Feature", "properties": about, "geometry": self._outline(picture.reach, key)}

    def _outline(self, reach: Reach, key: tuple[Any, ...]) -> Row:
        """One outline at a time is computed; the last ones are kept."""
        _, (lon, lat), mode, minutes, to_there = key
        with self._drawing:
            if key not in self._isochrones:
                request: Row = {"folder": str(reach.folder), "mode": mode, "minutes": minutes, "lon": lon, "lat": lat}
                while len(self._isochrones) >= KEPT_ISOCHRONES:
                    self._isochrones.pop(next(iter(self._isochrones)))
                request["to_there"] = to_there
                try:
                    self._isochrones[key] = build("isochrone", request, seconds=ISOCHRONE_SECONDS)
                except BuildFailed as error:
                    raise NotDrawn(retry_after=5) from error
            return self._isochrones[key]

    # -- checking a question ------------------------------------------------

    def _ask(self, question: Row, picture: Picture) -> Ask:
        lon, lat = self._place(question, picture)
        unknown = [name for name in question.get("facilities", ()) if name not in FACILITIES]
        if unknown:
            raise BadFields({"facilities": [f"不认识：{'、'.join(unknown)}。可以用：{'、'.join(FACILITIES)}。"]})
        return Ask(
            lon,
            lat,
            question["mode"],
            question["minutes"],
            question.get("at") or self._now(),
            question["open"],
            self._handling(question["matter"]) if "matter" in question else None,
            frozenset(question.get("facilities", ())),
            question.get("limit"),
        )

    def _handling(self, code: str) -> Handling:
        try:
            return handling_of(self._matter(code))
        except NotFound:
            raise BadFields({"matter": ["没有这个事项，请先搜索事项再选。"]}) from None

    def _place(self, question: Row, picture: Picture) -> tuple[float, float]:
        """The WGS-84 position of a question, which must lie in the deployment's area."""
        lon, lat = question["lon"], question["lat"]
        for name, value, most in (("lon", lon, 180), ("lat", lat, 90)):
            if not -most <= value <= most:
                swapped = self._covers(picture, lat, lon)
                raise BadFields({name: [_SWAPPED if swapped else f"应在 -{most} 到 {most} 度之间。"]})
        place = to_wgs84(lon, lat, question["crs"])
        if not self._covers(picture, *place):
            reason = _SWAPPED if self._covers(picture, lat, lon) else "不在本系统的服务区域内。"
            raise BadFields({"lon": [reason], "lat": [reason]})
        return place

    @staticmethod
    def _covers(picture: Picture, lon: float, lat: float) -> bool:
        return any(box.holds(lon, lat) for box in picture.area)

    # -- keeping up with the store --------------------------------------------

    def start(self) -> None:
        """Load the starter points where the store has none, then take the first picture."""
        if not self._store.points():
            starter = resources.files("api.circle").joinpath("data/service_points.csv").read_bytes()
            self._put_points(read_points(starter, self._check_hours, self._knows), by="starter")
        self.follow(self._now())

    def follow(self, now: datetime) -> bool:
        """A step for every process: where the store has moved on, take a new picture. True when one was taken.

        A generation that is not in this host's folder leaves the old one in use; positions that have no column yet are
        estimated until the builder has searched them.
        """
        with self._following:
            current = self._store.current()
            if self._lacks(current["generation"]):
                self._begin_rebuild(current["generation"], now)
            if current["revision"] == self._picture.revision and not self._rebuilt:
                return False
            self._rebuilt = False
            rows = self._store.points()
            folder = self._generation(current["generation"])
            points = tuple(map(_point, rows))
            versions = {row["_id"]: row["version"] for row in rows}
            self._take(current["revision"], points, versions, folder)
            reach = self._picture.reach
            if reach and reach.missing and self._cover(reach):
                self._take(current["revision"], points, versions, folder)
            return True

    def _take(
        self, revision: int, points: tuple[ServicePoint, ...], versions: dict[str, int], folder: Path | None
    ) -> None:
        positions = [point.position for point in points if point.position]
        self._picture = Picture(revision, points, versions, Reach(folder, positions) if folder else None)

    @staticmethod
    def _cover(reach: Reach) -> bool:
        """Have the positions searched that have no column yet."""
        try:
            build("cover", {"folder": str(reach.folder), "positions": reach.missing})
        except BuildFailed:
            log.exception("columns not built", extra={"generation": reach.generation})
            return False
        return True

    def _generation(self, name: str | None) -> Path | None:
        """The folder of the current generation, or of the one in use where this host lacks it."""
        if name is None:
            return None
        if (self._folder / name / "generation.json").is_file():
            return self._folder / name
        log.error("generation not on this host", extra={"generation": name})
        return self._picture.reach.folder if self._picture.reach else None

    # -- other hosts ------------------------------------------------------------

    def _lacks(self, name: str | None) -> bool:
        return self._hosts == "several" and name is not None and not (self._folder / name / "generation.json").is_file()

    def _begin_rebuild(self, name: str, now: datetime) -> None:
        """Beside everything else, build the generation here from the kept street file; one try a minute."""
        if now < self._rebuild_after or not self._rebuilding.acquire(blocking=False):
            return
        self._rebuild_after = now + REBUILD_PAUSE
        threading.Thread(target=self._rebuild, args=(name,), name="network-rebuild", daemon=True).start()

    def _rebuild(self, name: str) -> None:
        """Fetch and build; one process of a host at a time, the others find it done."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / ".rebuild.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if self._lacks(name):
                    self._fetch_and_build(name)
            self._rebuilt = True
        except Exception:
            log.exception("generation not rebuilt", extra={"generation": name})
        finally:
            self._rebuilding.release()

    def _fetch_and_build(self, name: str) -> None:
        row = next(row for row in self._store.networks() if row["_id"] == name)
        source = self._folder / f".{row['file']}.{os.getpid()}"
        try:
            if not self._store.fetch_source(row["sha256"], source):
                raise FileNotFoundError(row["file"])
            build("build", self._request(source, name))
            log.info("generation rebuilt", extra={"generation": name})
        finally:
            source.unlink(missing_ok=True)

    def _prune(self) -> None:
        """Remove old generations of this host: all but the current one and the one before, which some process may
        still read for a second. What is mapped stays readable until it is let go.
        """
        current = self._store.current()["generation"]
        there = sorted(path.parent for path in self._folder.glob("*/generation.json") if path.parent.name != current)
        for folder in there[:-1]:
            shutil.rmtree(folder, ignore_errors=True)

    # -- changes --------------------------------------------------------------

    def load(self, file: Path) -> list[str]:
        """Take in the points of a CSV file: new ones are added, known ones replaced, others stay.

        Answers all that is wrong, a line each, e.g. `line 12: lon: …`; then nothing was changed.
        """
        try:
            points = read_points(file.read_bytes(), self._check_hours, self._knows)
        except BadFields as refused:
            return [f"{place}: {reason}" for place, reasons in (refused.errors or {}).items() for reason in reasons]
        self._put_points(points, by=OPERATOR)
        self.follow(self._now())
        return []

    def export_points(self) -> str:
        """All points as CSV."""
        return write_points(self._picture.points)

    def _put_points(self, points: Sequence[ServicePoint], by: str) -> int:
        def write(session: Any) -> int:
            there = {row["_id"]: row for row in self._store.points(session)}
            changed = [p for p in points if p.id not in there or _point(there[p.id]) != p]
            for point in changed:
                act = "change" if point.id in there else "add"
                last = there[point.id]["version"] if point.id in there else self._store.last_version(point.id, session)
                self._put(session, point, last + 1, by, act)
            if changed:
                self._moved_on(session, len(changed))
            return len(changed)

        changed: int = self._transact(write)
        return changed

    def _put(self, session: Any, point: ServicePoint, version: int, by: str, act: str, ref: str | None = None) -> None:
        """Write one version of a point, keep it, and have it in the audit."""
        row = {key: value for key, value in row_of(point).items() if key != "id"}
        self._store.put_points(session, [{"_id": point.id, "v": 1, "version": version, **row}])
        self._keep(session, point.id, version, by, act, row, ref)

    def _keep(
        self, session: Any, point_id: str, version: int, by: str, act: str, row: Row, ref: str | None = None
    ) -> None:
        kept = {"_id": f"{point_id}:{version}", "v": 1, "point": point_id, "version": version, "at": self._now()}
        self._store.add_versions(session, [{**kept, "by": by, "act": act, "ref": ref, "row": row}])
        self._record(by, f"point.{act}", f"point:{point_id}", session=session)

    def _moved_on(self, session: Any, count: int) -> None:
        self._store.change(session)
        self._announce(session, "points_changed", "points", count=count)

    def add_point(self, by: str, told: Row, ref: str) -> Row:
        """A new point of an administrator's, as it is shown; `ref` is the request's own id, and the point's where none
        is told. Raises BadFields and PointExists.
        """
        point = self._checked({"id": ref, **told})

        def write(session: Any) -> None:
            if any(row["_id"] == point.id for row in self._store.points(session)):
                raise PointExists
            self._put(session, point, self._store.last_version(point.id, session) + 1, by, "add", ref)
            self._moved_on(session, 1)

        self._transact(write)
        self.follow(self._now())
        return self.face(self.point(point.id))

    def made(self, ref: str) -> Row:
        """The point that an earlier try of a request made. Raises NotFound."""
        return self.face(self.point(self._store.made_as(ref) or ""))

    def change_point(self, by: str, point_id: str, version: int, told: Row) -> Row:
        """Change the told fields of a point, against a version. Raises NotFound, VersionStale and BadFields."""

        def write(session: Any) -> None:
            there = self._row_at(session, point_id, version)
            point = self._checked({**row_of(_point(there)), **told, "id": point_id})
            if point != _point(there):
                self._put(session, point, version + 1, by, "change")
                self._moved_on(session, 1)

        self._transact(write)
        self.follow(self._now())
        return self.face(self.point(point_id))

    def remove_point(self, by: str, point_id: str, version: int) -> None:
        """Take a point away, against a version; its versions stay. Raises NotFound, VersionStale and PointInUse."""
        hanging = {what: number for what, number in self.hangs_on(point_id).items() if number}

        def write(session: Any) -> None:
            there = self._row_at(session, point_id, version)
            if hanging:
                raise PointInUse({what: [str(number)] for what, number in hanging.items()})
            self._store.remove_point(session, point_id)
            row = {key: value for key, value in row_of(_point(there)).items() if key != "id"}
            self._keep(session, point_id, version + 1, by, "remove", row)
            self._moved_on(session, 1)

        self._transact(write)
        self.follow(self._now())

    def versions(self, point_id: str, before: int | None, most: int) -> list[Row]:
        """What a point was, the newest version first: who changed it, when, and every field. Raises NotFound."""
        rows = self._store.versions(point_id, before, most)
        if not rows and before is None:
            self.point(point_id)
        return [
            {**{key: row[key] for key in ("version", "at", "by", "act")}, "point": {**row["row"], "id": point_id}}
            for row in rows
        ]

    def _row_at(self, session: Any, point_id: str, version: int) -> Row:
        there = next((row for row in self._store.points(session) if row["_id"] == point_id), None)
        if there is None:
            raise NotFound
        if there["version"] != version:
            raise VersionStale
        return there

    def _checked(self, told: Row) -> ServicePoint:
        """The point of told fields; `hours_confirmed` stands for where the hours come from. Raises BadFields."""
        sure = told.get("hours_confirmed")
        point = check_point(told, self._check_hours, self._knows)
        if sure is None or sure == point.hours_confirmed:
            return point
        return replace(point, hours_basis="confirmed by the office" if sure else "typical, not found: call first")

    def _knows(self, code: str) -> bool:
        try:
            return self._matter(code) is not None
        except NotFound:
            return False

    def add_network(self, file: Path, tell: Callable[[str], None] = lambda line: None) -> str:
        """Build a generation from an .osm.pbf, make it current and answer its name; `tell` is given the progress.

        Raises NetworkRefused; then the old one stays.
        """
        request = self._request(file, self._name(file))
        if not request["boxes"]:
            raise _refused("no_points", "")
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            about: Row = build("build", request, tell)
        except BuildFailed as error:
            raise _refused(error.code, str(error)) from error
        if self._hosts == "several":
            tell("keeping the street file for the other hosts")
            self._store.put_source(about["sha256"], self._folder / about["generation"] / "source.osm.pbf")

        def write(session: Any) -> None:
            row = {key: value for key, value in about.items() if key != "generation"}
            self._store.add_network(session, {"_id": about["generation"], "v": 1, "added_at": self._now(), **row})
            self._store.change(session, generation=about["generation"])
            self._announce(session, "network_changed", about["generation"])

        self._transact(write)
        self.follow(self._now())
        self._prune()
        generation: str = about["generation"]
        return generation

    def _request(self, file: Path, name: str) -> Row:
        """What the builder is asked for a generation of the points as they stand in the store."""
        points = [_point(row) for row in self._store.points()]
        boxes = [box.grown(NETWORK_MARGIN_M) for box in district_boxes(points)]
        return {
            "file": str(file.absolute()),
            "out": str((self._folder / name).absolute()),
            "positions": [point.position for point in points if point.position],
            "boxes": [(box.west, box.south, box.east, box.north) for box in boxes],
            "pace": asdict(self._pace),
        }

    def _name(self, file: Path) -> str:
        """The name of a generation: when, and of which file."""
        try:
            with file.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
        except OSError as error:
            raise _refused("broken", str(error)) from error
        return f"{self._now():%Y%m%dT%H%M%SZ}-{digest[:8]}"

    def networks(self) -> list[Row]:
        """The generations that were built, newest first: `{generation, file, box, nodes, added_at, current, state, …}`.

        `state` and `points` tell how this process stands with them.
        """
        current, reach = self._store.current()["generation"], self._picture.reach
        places = [point.position for point in self._picture.placed if point.position]
        rows = []
        for row in self._store.networks():
            used, name = reach is not None and reach.generation == row["_id"], row["_id"]
            missing = "building" if self._rebuilding.locked() else "missing"
            state = "in_use" if used else missing if name == current else "old"
            covered = sum(reach.box.holds(*place) for place in places) if reach and used else None
            nodes = {mode: sizes["nodes"] for mode, sizes in row["modes"].items()}
            told = {
                "generation": name,
                "current": name == current,
                "state": state,
                "points": covered,
                "of": len(places),
            }
            rows.append({**row, **told, "nodes": nodes})
        return rows


def district_boxes(points: Sequence[ServicePoint]) -> list[Box]:
    """The box of each district's placed points."""
    places: dict[str, list[tuple[float, float]]] = {}
    for point in points:
        if point.position:
            places.setdefault(point.district, []).append(point.position)
    return [box for box in (around(positions) for positions in places.values()) if box]


_SWAPPED = "经度和纬度好像写反了：lon 是经度，lat 是纬度。"


def _refused(code: str, detail: str) -> NetworkRefused:
    zh, en = _NETWORK_WORDS[code]
    return NetworkRefused(
        {"file": [detail]} if detail else None, zh=NetworkRefused.zh + zh, en=f"{NetworkRefused.en} {en}"
    )


def _point(row: Row) -> ServicePoint:
    """The point of a stored row."""
    return point_of({**row, "id": row["_id"]})


def _told(found: Answer, faces: Mapping[str, Row]) -> Row:
    return {
        "points": [_stop_row(stop, faces) for stop in found.inside],
        "best": found.best.point.id if found.best else None,
        "why": found.why._asdict(),
        "beyond": [_stop_row(stop, faces) for stop in found.beyond],
    }


def _stop_row(stop: Stop, faces: Mapping[str, Row]) -> Row:
    opening = stop.opening
    return {
        **faces[stop.point.id],
        "seconds": round(stop.seconds),
        "basis": stop.basis,
        "distance_m": round(stop.distance_m),
        "open": {
            "on_arrival": opening.open,
            "closes_at": opening.closes_at,
            "next_opens_at": opening.next_opens_at,
            "provisional": opening.provisional,
        },
        "can": stop.can,
    }


def _face_row(point: ServicePoint) -> Row:
    return {
        "id": point.id,
        "kind": point.kind,
        "name": point.name,
        "address": point.address,
        "lon": point.lon,
        "lat": point.lat,
        "facilities": point.facilities,
        "phone": point.phone,
        "confirmed": point.confirmed,
        "hours_confirmed": point.hours_confirmed,
        "position_error_m": point.position_error_m,
    }


def _elsewhere(point: ServicePoint) -> Row | None:
    """The position in the coordinate systems of Chinese map programs; None without one."""
    if point.position is None:
        return None
    found: Row = {}
    for crs in ("gcj02", "bd09"):
        lon, lat = from_wgs84(*point.position, crs)
        found[crs] = {"lon": round(lon, 6), "lat": round(lat, 6)}
    return found
