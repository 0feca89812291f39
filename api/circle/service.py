"""The use cases of the circle: ask it, look at points, draw it.

Questions are answered from memory alone: an immutable picture of the points and the current generation of travel times.
`follow` looks whether the store has moved on and swaps the picture; every process calls it about once a second.
Points are changed in `changes`, street networks added in `generations`.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from api.circle import circle
from api.circle.answer import written
from api.circle.changes import PointChanges
from api.circle.circle import Ask, OpeningAt
from api.circle.crs import from_wgs84, to_wgs84
from api.circle.generations import Generations, Hosts
from api.circle.point import FACILITIES, Handling, ServicePoint, handling_of, parts, parts_at, row_of, usual_parts
from api.circle.ports import CirclePorts
from api.circle.snapshot import Picture, stored_point
from api.circle.store import CircleStore
from api.circle.travel.area import Box
from api.circle.travel.mode import Pace
from api.circle.travel.reach import Position, Reach
from api.circle.travel.run_build import BuildFailed, build
from api.refusals import BadFields, NotFound, Refusal

log = logging.getLogger("circle.circle")

ISOCHRONE_SECONDS = 20
KEPT_ISOCHRONES = 64
COVER_PAUSE = timedelta(seconds=5)
"""Until new positions that could not be searched are tried again."""
NEVER = datetime.min.replace(tzinfo=UTC)
Row = dict[str, Any]


class NotDrawn(Refusal):
    """An outline took too long or more memory than allowed."""

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
        self._store, self._now = store, now
        self._opening, self._matter, self._codes = opening, matter, codes
        self._pace = pace or Pace()
        self._picture = Picture(-1, (), {}, None)
        self._following = threading.Lock()
        self._drawing = threading.Lock()
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
        """The circle around a position, as the JSON of `GET /v1/circle` in a `language`, zh or en. Raises BadFields."""
        picture = self._picture
        ask, facilities = self._ask(question, picture), self._facilities(question)
        travel = picture.reach.times(ask.mode, ask.lon, ask.lat) if picture.reach else None
        pace = picture.reach.pace if picture.reach else self._pace
        metres = picture.spots.distances_m(ask.lon, ask.lat)
        candidates = picture.candidates(ask.matter, facilities)
        reached = circle.reached(ask, candidates, metres, pace, travel.seconds if travel else None)
        found = circle.answer(ask, reached, self._opening)
        said = circle.snapped_words(travel.snap.metres if travel else None) if picture.reach else None
        head = {
            "basis": "estimate" if travel is None else "network",
            "generation": picture.reach.generation if picture.reach and travel else None,
            "mode": ask.mode,
            "minutes": ask.minutes,
            "speed_kmh": None if travel and ask.mode == "drive" else getattr(pace, ask.mode),
            "origin": {
                "lon": round(ask.lon, 6),
                "lat": round(ask.lat, 6),
                "snapped_m": None if travel is None else round(travel.snap.metres, 1),
                "off_streets": picture.reach is not None and travel is None,
                "said": said and (said.en if language == "en" else said.zh),
            },
        }
        return written(head, found, picture.faces, language)

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
            "position_rough": point.position_rough,
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

    def matters(self, point_id: str, after: str | None, most: int) -> list[Row]:
        """What this point does of which matter, by code: `can` here, `usual` for its kind; up to `most` after `after`.

        Matters that it neither does nor usually would are left out. Raises NotFound.
        """
        point = self.point(point_id)
        handled = (handling_of(self._matter(code)) for code in self._codes() if after is None or code > after)
        found = (
            {"code": one.code, "name": one.name, "can": parts_at(one, point), "usual": parts(one, point.kind)}
            for one in handled
        )
        return list(islice((row for row in found if row["can"] or row["usual"]), most))

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
        return Ask(
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
            raise BadFields({"facilities": [f"不认识：{'、'.join(unknown)}。可以用：{'、'.join(FACILITIES)}。"]})
        return frozenset(wanted)

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
        self.changes.start()
        self.follow(self._now())

    def follow(self, now: datetime) -> bool:
        """A step for every process: where the store has moved on, take a new picture. True when one was taken.

        A generation that is not in this host's folder leaves the old one in use; positions that have no column yet are
        estimated until the builder has searched them.
        """
        with self._following:
            current, used = self._store.current(), self._picture.reach
            came = self.generations.came_to_be(current["generation"], now)
            again = used is not None and bool(used.missing) and now >= self._cover_after
            if current["revision"] == self._picture.revision and not came and not again:
                return False
            rows = self._store.points()
            folder = self.generations.folder(current["generation"]) or (used.folder if used else None)
            points = tuple(map(stored_point, rows))
            versions = {row["_id"]: row["version"] for row in rows}
            self._take(current["revision"], points, versions, folder)
            reach = self._picture.reach
            if reach and reach.missing:
                self._cover_after = now + COVER_PAUSE
                if self._search(reach, reach.missing):
                    self._take(current["revision"], points, versions, folder)
            return True

    def networks(self) -> list[Row]:
        """The generations that were built, newest first: `{generation, file, box, nodes, added_at, current, state, …}`.

        `state` and `points` tell how this process stands with them.
        """
        return self.generations.listed(self._picture)

    def _knows(self, code: str) -> bool:
        try:
            return self._matter(code) is not None
        except NotFound:
            return False

    def _take(
        self, revision: int, points: tuple[ServicePoint, ...], versions: dict[str, int], folder: Path | None
    ) -> None:
        positions = [point.position for point in points if point.position]
        self._picture = Picture(revision, points, versions, Reach(folder, positions) if folder else None)

    def _prepare(self, points: Sequence[ServicePoint]) -> None:
        """Have new positions searched before anybody hears of them: on this host nobody sees an estimate in between.
        Where that fails, and on other hosts, `follow` has it done.
        """
        reach, there = self._picture.reach, {point.position for point in self._picture.placed}
        fresh = [point.position for point in points if point.position and point.position not in there]
        if reach and fresh:
            self._search(reach, fresh)

    @staticmethod
    def _search(reach: Reach, positions: Sequence[Position]) -> bool:
        """Have positions searched that have no column yet."""
        try:
            build("cover", {"folder": str(reach.folder), "positions": positions})
        except BuildFailed:
            log.exception("columns not built", extra={"generation": reach.generation})
            return False
        return True


_SWAPPED = "经度和纬度好像写反了：lon 是经度，lat 是纬度。"


def _elsewhere(point: ServicePoint) -> Row | None:
    """The position in the coordinate systems of Chinese map programs; None without one."""
    if point.position is None:
        return None
    found: Row = {}
    for crs in ("gcj02", "bd09"):
        lon, lat = from_wgs84(*point.position, crs)
        found[crs] = {"lon": round(lon, 6), "lat": round(lat, 6)}
    return found
