"""The circle service: answers questions, lists points, draws streets and outlines.

Questions are answered from memory alone, from an immutable snapshot of the points and the current generation of travel
times. `follow` replaces the snapshot where the store has changed; every process calls it about once a second.
Points are changed in `changes`, street networks added in `generations`.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from api.circle import circle
from api.circle.answer import answer_json
from api.circle.changes import PointChanges
from api.circle.crs import from_wgs84, to_wgs84
from api.circle.desks import accepting_halls, desk_of, left_behind
from api.circle.generations import Generations, Hosts
from api.circle.point import (
    FACILITIES,
    Handling,
    ServicePoint,
    handling_of,
    parts,
    parts_at,
    row_of,
    usual_parts,
)
from api.circle.ports import CirclePorts
from api.circle.question import CircleQuestion, OpeningAt, OpeningStatus
from api.circle.snapshot import CircleSnapshot, stored_point
from api.circle.store import CircleStore
from api.circle.travel.area import Box
from api.circle.travel.mode import Pace
from api.circle.travel.reach import Position, Reach
from api.circle.travel.run_build import BuildFailed, build
from api.circle.why import snap_notice
from api.refusals import BadFields, NotFound, Refusal
from api.texts import listed
from api.times import BEIJING

log = logging.getLogger("circle.circle")

ISOCHRONE_SECONDS = 20
KEPT_ISOCHRONES = 64
COVER_PAUSE = timedelta(seconds=5)
"""How long after a failed search for new positions the next one is tried."""
NEVER = datetime.min.replace(tzinfo=UTC)
Row = dict[str, Any]


class NotDrawn(Refusal):
    """The outline took longer or more memory than allowed."""

    code = "unavailable"
    zh = "现在画不出可达范围，请稍后再试。"
    en = "The outline cannot be drawn now. Try again shortly."


class Circle:
    """The 15-minute circle of this deployment."""

    def __init__(
        self,
        store: CircleStore,
        *,
        folder: Path,
        transact: Callable[[Callable[[Any], Any]], Any],
        announce: Callable[..., None],
        now: Callable[[], datetime],
        opening: OpeningAt,
        check_hours: Callable[[str], object],
        matter: Callable[[str], Mapping[str, Any]],
        codes: Callable[[], Sequence[str]],
        record: Callable[..., object],
        ports: CirclePorts,
        hosts: Hosts = "one",
        pace: Pace | None = None,
    ) -> None:
        """`folder` holds the generations. The calendar gives `opening` and `check_hours` (ValueError for bad ones);
        `matter` gives the catalogue entry of a code from memory, or raises NotFound; `codes` are all there are.
        """
        self._store, self._now, self._hangs_on = store, now, ports.hangs_on
        self._opening, self._matter, self._codes = opening, matter, codes
        self._pace = pace or Pace()
        self._snapshot = CircleSnapshot(-1, (), {}, None)
        self._following, self._drawing = threading.Lock(), threading.Lock()
        self._cover_after = NEVER
        self._isochrones: dict[tuple[Any, ...], Row] = {}
        self.changes = PointChanges(
            store,
            transact=transact,
            announce=announce,
            record=record,
            now=now,
            check_hours=check_hours,
            knows=self._knows,
            prepare=self._prepare,
            follow=self.follow,
            ports=ports,
        )
        self.generations = Generations(
            store,
            folder=folder,
            transact=transact,
            announce=announce,
            record=record,
            now=now,
            follow=self.follow,
            hosts=hosts,
            pace=self._pace,
        )

    # -- questions, from memory ---------------------------------------------

    def find(self, question: Row, language: str) -> bytes:
        """Answer a question as the JSON of `GET /v1/circle`, its words in a `language` (zh or en). Raises BadFields."""
        snapshot = self._snapshot
        asked, facilities = self._asked(question, snapshot), self._facilities(question)
        travel = snapshot.reach.times(asked.mode, asked.lon, asked.lat) if snapshot.reach else None
        pace = snapshot.reach.pace if snapshot.reach else self._pace
        metres = snapshot.spots.distances_m(asked.lon, asked.lat)
        candidates = snapshot.candidates(asked.matter, facilities)
        reached = circle.reached(asked, candidates, metres, pace, travel.seconds if travel else None)
        answer = circle.answer(asked, reached, self._opening)
        notice = snap_notice(travel.snap.metres if travel else None) if snapshot.reach else None
        head = {
            "basis": "estimate" if travel is None else "network",
            "generation": snapshot.reach.generation if snapshot.reach and travel else None,
            "mode": asked.mode,
            "minutes": asked.minutes,
            "speed_kmh": None if travel and asked.mode == "drive" else getattr(pace, asked.mode),
            "origin": {
                "lon": round(asked.lon, 6),
                "lat": round(asked.lat, 6),
                "snapped_m": None if travel is None else round(travel.snap.metres, 1),
                "off_streets": snapshot.reach is not None and travel is None,
                "said": notice and (notice.en if language == "en" else notice.zh),
            },
        }
        return answer_json(head, answer, snapshot.points_json, language)

    def points(self) -> tuple[ServicePoint, ...]:
        """All points, by id."""
        return self._snapshot.points

    def point(self, point_id: str) -> ServicePoint:
        """The point of this id. Raises NotFound."""
        point = self._snapshot.by_id.get(point_id)
        if point is None:
            raise NotFound
        return point

    def face(self, point: ServicePoint) -> Row:
        """A point in the shape of `GET /v1/points/{id}`, with its opening status now and the version of its row."""
        opening = self._opening(point.opening_hours, self._now())
        return {
            **row_of(point),
            "hours_confirmed": point.hours_confirmed,
            "position_rough": point.position_rough,
            "can": usual_parts(point.kind),
            "elsewhere": _elsewhere(point),
            "open": {
                "now": opening.open,
                "closes_at": opening.closes_at,
                "next_opens_at": opening.next_opens_at,
                "provisional": opening.provisional,
            },
            "version": self._snapshot.versions[point.id],
        }

    def listed(self, kind: str | None, street: str | None, after: str | None, most: int) -> list[Row]:
        """Points by id, in the shape of `face`: at most `most` after the id `after`, of a kind and a street code."""
        points = (
            point
            for point in self._snapshot.points
            if (after is None or point.id > after)
            and kind in (None, point.kind)
            and street in (None, point.street_code)
        )
        return [self.face(point) for point in islice(points, most)]

    def matters(self, point_id: str, after: str | None, most: int) -> list[Row]:
        """The matters that a point handles, by code, with the parts that it does (`can`) and its kind does (`usual`).

        At most `most` after the code `after`; matters of which both are empty are left out. Raises NotFound.
        """
        point = self.point(point_id)
        matters = (handling_of(self._matter(code)) for code in self._codes() if after is None or code > after)
        rows = (
            {
                "code": matter.code,
                "name": matter.name,
                "can": parts_at(matter, point),
                "usual": parts(matter, point.kind),
            }
            for matter in matters
        )
        return list(islice((row for row in rows if row["can"] or row["usual"]), most))

    def card(self, point_id: str) -> Row:
        """What a card in a conversation shows of a point. Raises NotFound."""
        row = row_of(self.point(point_id))
        return {key: row[key] for key in ("id", "kind", "name", "address", "phone", "hours")}

    def desk_for(self, matter: str | None, point: str | None) -> str | None:
        """The id of the hall whose staff take a question that names this point, or none; None if no hall accepts."""
        return desk_of(self._snapshot.points, self._snapshot.by_id.get(point or ""), self._today())

    def work_at(self, point_id: str) -> Row:
        """What belongs to a point, by kind, and whether its desk still accepts new work. Raises NotFound."""
        accepts = self.point(point_id) in accepting_halls(self._snapshot.points, self._today())
        return {"accepts": accepts, **self._hangs_on(point_id)}

    def left_behind(self) -> list[str]:
        """A line for each closed point, or hall whose desk has moved, to which work or staff still belongs."""
        points = self._snapshot.points
        return left_behind(points, accepting_halls(points, self._today()), self._hangs_on)

    def _today(self) -> date:
        return self._now().astimezone(BEIJING).date()

    def desk_open(self, desk: str, at: datetime) -> OpeningStatus:
        """The opening status of a point's desk at an instant. Raises NotFound."""
        return self._opening(self.point(desk).opening_hours, at)

    # -- drawing ------------------------------------------------------------

    def streets(self, box: Box) -> Row:
        """The streets in a box as a GeoJSON FeatureCollection; empty without a network."""
        drawn = self._snapshot.streets
        return drawn.inside(box) if drawn else {"type": "FeatureCollection", "truncated": False, "features": []}

    def isochrone(self, question: Row) -> Row:
        """The outline of what is within `minutes` of travel to a point, or from a position, as a GeoJSON Feature.

        For drawing only; `find` decides what is inside. Raises BadFields, NotDrawn, and NotFound for an unknown point.
        """
        snapshot = self._snapshot
        if snapshot.reach is None:
            raise BadFields({"mode": ["还没有路网，画不出可达范围。"]})
        if "point" in question:
            position = self.point(question["point"]).position
            if position is None:
                raise BadFields({"point": ["这个服务点还没有位置。"]})
        else:
            position = self._place(question, snapshot)
        mode, minutes = question["mode"], question["minutes"]
        key = (snapshot.reach.generation, position, mode, minutes, "point" in question)
        about = {"generation": key[0], "mode": mode, "minutes": minutes}
        return {"type": "Feature", "properties": about, "geometry": self._outline(snapshot.reach, key)}

    def _outline(self, reach: Reach, key: tuple[Any, ...]) -> Row:
        """The geometry of an outline from the cache, else computed, one at a time. Raises NotDrawn."""
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

    def _asked(self, question: Row, snapshot: CircleSnapshot) -> CircleQuestion:
        lon, lat = self._place(question, snapshot)
        return CircleQuestion(
            lon,
            lat,
            question["mode"],
            question["minutes"],
            question.get("at") or self._now(),
            question["open"],
            self._handling(question["matter"]) if "matter" in question else None,
            question.get("limit"),
        )

    @staticmethod
    def _facilities(question: Row) -> frozenset[str]:
        wanted = question.get("facilities", ())
        unknown = [name for name in wanted if name not in FACILITIES]
        if unknown:
            raise BadFields({"facilities": [f"不认识：{listed(unknown)}。可以用：{'、'.join(FACILITIES)}。"]})
        return frozenset(wanted)

    def _handling(self, code: str) -> Handling:
        try:
            return handling_of(self._matter(code))
        except NotFound:
            raise BadFields({"matter": ["没有这个事项，请先搜索事项再选。"]}) from None

    def _place(self, question: Row, snapshot: CircleSnapshot) -> tuple[float, float]:
        """The position of a question in WGS-84. Raises BadFields outside the deployment's area."""
        lon, lat = question["lon"], question["lat"]
        for name, value, most in (("lon", lon, 180), ("lat", lat, 90)):
            if not -most <= value <= most:
                swapped = self._covers(snapshot, lat, lon)
                raise BadFields({name: [_SWAPPED if swapped else f"应在 -{most} 到 {most} 度之间。"]})
        place = to_wgs84(lon, lat, question["crs"])
        if not self._covers(snapshot, *place):
            reason = _SWAPPED if self._covers(snapshot, lat, lon) else "不在本系统的服务区域内。"
            raise BadFields({"lon": [reason], "lat": [reason]})
        return place

    @staticmethod
    def _covers(snapshot: CircleSnapshot, lon: float, lat: float) -> bool:
        return any(box.holds(lon, lat) for box in snapshot.area)

    # -- keeping up with the store --------------------------------------------

    def start(self) -> None:
        """Load the starter points where the store has none, then take the first snapshot."""
        self.changes.start()
        self.follow(self._now())

    def follow(self, now: datetime) -> bool:
        """Replace the snapshot where the store has changed; every process calls this. Returns whether it did.

        Where the current generation is missing in this host's folder, the old one stays in use; positions without a
        column are estimated until the builder has searched them.
        """
        with self._following:
            current, used = self._store.current(), self._snapshot.reach
            rebuilt = self.generations.rebuilt(current["generation"], now)
            retry = used is not None and bool(used.missing) and now >= self._cover_after
            if current["revision"] == self._snapshot.revision and not rebuilt and not retry:
                return False
            rows = self._store.points()
            folder = self.generations.folder(current["generation"]) or (used.folder if used else None)
            points = tuple(map(stored_point, rows))
            versions = {row["_id"]: row["version"] for row in rows}
            self._take(current["revision"], points, versions, folder)
            reach = self._snapshot.reach
            if reach and reach.missing:
                self._cover_after = now + COVER_PAUSE
                if self._search(reach, reach.missing):
                    self._take(current["revision"], points, versions, folder)
            return True

    def networks(self) -> list[Row]:
        """The generations that were built, the newest first: `{generation, file, box, nodes, added_at, current, …}`.

        `state` and `points` are those of this process.
        """
        return self.generations.listed(self._snapshot)

    def _knows(self, code: str) -> bool:
        try:
            return self._matter(code) is not None
        except NotFound:
            return False

    def _take(
        self, revision: int, points: tuple[ServicePoint, ...], versions: dict[str, int], folder: Path | None
    ) -> None:
        positions = [point.position for point in points if point.position]
        self._snapshot = CircleSnapshot(revision, points, versions, Reach(folder, positions) if folder else None)

    def _prepare(self, points: Sequence[ServicePoint]) -> None:
        """Search new positions before the points are written, so that this host never answers with an estimate.

        Where that fails, and on other hosts, `follow` does it.
        """
        reach, known = self._snapshot.reach, {point.position for point in self._snapshot.placed}
        fresh = [point.position for point in points if point.position and point.position not in known]
        if reach and fresh:
            self._search(reach, fresh)

    @staticmethod
    def _search(reach: Reach, positions: Sequence[Position]) -> bool:
        """Run the builder for positions without a column; False, and logged, where it failed."""
        try:
            build("cover", {"folder": str(reach.folder), "positions": positions})
        except BuildFailed:
            log.exception("columns not built", extra={"generation": reach.generation})
            return False
        return True


_SWAPPED = "经度和纬度好像写反了：lon 是经度，lat 是纬度。"


def _elsewhere(point: ServicePoint) -> Row | None:
    """The position in the coordinate systems of Chinese map programs; None for a point without a position."""
    if point.position is None:
        return None
    positions: Row = {}
    for crs in ("gcj02", "bd09"):
        lon, lat = from_wgs84(*point.position, crs)
        positions[crs] = {"lon": round(lon, 6), "lat": round(lat, 6)}
    return positions
