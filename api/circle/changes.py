"""The changes of points: loading and exporting all of them, and an administrator's own, each kept as a version."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from api.circle.point import ServicePoint, row_of
from api.circle.points_csv import check_point, read_points, write_points
from api.circle.ports import CirclePorts
from api.circle.snapshot import stored_point
from api.circle.store import CircleStore
from api.refusals import BadFields, NotFound, Refusal, VersionStale

OPERATOR, STARTER = "operator", "starter"
"""Who acts at the command line, and before anybody does."""
Row = dict[str, Any]


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


class Change(NamedTuple):
    """What becomes of a point: `act` is add, change or remove."""

    point: ServicePoint
    version: int
    act: str


class PointChanges:
    """Writes points, has every change kept and audited, and lets this process see it at once."""

    def __init__(
        self,
        store: CircleStore,
        *,
        transact: Callable[[Callable[[Any], Any]], Any],
        announce: Callable[..., None],
        now: Callable[[], datetime],
        check_hours: Callable[[str], object],
        knows: Callable[[str], bool],
        record: Callable[..., object],
        prepare: Callable[[Sequence[ServicePoint]], None],
        follow: Callable[[datetime], object],
        ports: CirclePorts,
    ) -> None:
        """`check_hours` raises ValueError for bad weekly hours; `knows` tells whether a matter of this code exists;
        `prepare` has travel times ready before anybody hears of a point.
        """
        self._prepare = prepare
        self._store, self._transact, self._announce, self._now = store, transact, announce, now
        self._check_hours, self._knows, self._record, self._follow = check_hours, knows, record, follow
        self._ports = ports

    def start(self) -> None:
        """Load the starter points where the store has none."""
        if not self._store.points():
            starter = resources.files("api.circle").joinpath("data/service_points.csv").read_bytes()
            self._put(read_points(starter, self._check_hours, self._knows), by=STARTER)

    def load(self, file: Path) -> list[str]:
        """Take in the points of a CSV file: new ones are added, known ones replaced, others stay.

        Answers all that is wrong, a line each, e.g. `line 12: lon: …`; then nothing was changed.
        """
        try:
            points = read_points(file.read_bytes(), self._check_hours, self._knows)
        except BadFields as refused:
            return [f"{place}: {reason}" for place, reasons in (refused.errors or {}).items() for reason in reasons]
        self._prepare(points)
        self._put(points, by=OPERATOR)
        self._follow(self._now())
        return []

    def export(self) -> str:
        """All points as CSV."""
        return write_points([stored_point(row) for row in self._store.points()])

    def _put(self, points: Sequence[ServicePoint], by: str) -> int:
        def write(session: Any) -> int:
            there = {row["_id"]: row for row in self._store.points(session)}
            changed = [p for p in points if p.id not in there or stored_point(there[p.id]) != p]
            last = self._store.last_versions([point.id for point in changed], session)
            self._write(
                session,
                [Change(p, last.get(p.id, 0) + 1, "change" if p.id in there else "add") for p in changed],
                by,
            )
            return len(changed)

        changed: int = self._transact(write)
        return changed

    def _write(self, session: Any, changes: Sequence[Change], by: str, ref: str | None = None) -> None:
        """Write versions of points, keep them, have in the audit what somebody did, and tell every process."""
        if not changes:
            return
        now = self._now()
        rows = {
            one.point.id: {key: value for key, value in row_of(one.point).items() if key != "id"} for one in changes
        }
        self._store.put_points(
            session,
            [
                {"_id": one.point.id, "v": 1, "version": one.version, **rows[one.point.id]}
                for one in changes
                if one.act != "remove"
            ],
        )
        about = {"v": 1, "at": now, "by": by, "ref": ref}
        self._store.add_versions(
            session,
            [
                {
                    "_id": f"{one.point.id}:{one.version}",
                    "point": one.point.id,
                    "version": one.version,
                    "act": one.act,
                    "row": rows[one.point.id],
                    **about,
                }
                for one in changes
            ],
        )
        for one in changes if by != STARTER else ():
            self._record(by, f"point.{one.act}", f"point:{one.point.id}", session=session)
        self._store.change(session)
        self._announce(session, "points.changed", "points", count=len(changes))

    def add(self, by: str, told: Row, ref: str) -> str:
        """A new point of an administrator's; its id. `ref` is the request's own id, and the point's where none
        is told. Raises BadFields and PointExists.
        """
        point = self._checked({"id": ref, **told})
        self._prepare([point])

        def write(session: Any) -> None:
            if any(row["_id"] == point.id for row in self._store.points(session)):
                raise PointExists
            last = self._store.last_versions([point.id], session).get(point.id, 0)
            self._write(session, [Change(point, last + 1, "add")], by, ref)

        self._transact(write)
        self._follow(self._now())
        return point.id

    def made(self, ref: str) -> str:
        """The id of the point that an earlier try of a request made. Raises NotFound."""
        made = self._store.made_as(ref)
        if made is None:
            raise NotFound
        return made

    def change(self, by: str, point_id: str, version: int, told: Row) -> None:
        """Change the told fields of a point, against a version. Raises NotFound, VersionStale and BadFields."""

        def changed(session: Any) -> tuple[ServicePoint, ServicePoint]:
            there = stored_point(self._row_at(session, point_id, version))
            return there, self._checked({**row_of(there), **told, "id": point_id})

        def write(session: Any) -> None:
            there, point = changed(session)
            if point != there:
                self._write(session, [Change(point, version + 1, "change")], by)

        self._prepare(changed(None)[1:])
        self._transact(write)
        self._follow(self._now())

    def remove(self, by: str, point_id: str, version: int) -> None:
        """Take a point away, against a version; its versions stay. Raises NotFound, VersionStale and PointInUse."""
        hanging = {what: number for what, number in self._ports.hangs_on(point_id).items() if number}

        def write(session: Any) -> None:
            there = self._row_at(session, point_id, version)
            if hanging:
                raise PointInUse({what: [str(number)] for what, number in hanging.items()})
            self._store.remove_point(session, point_id)
            self._write(session, [Change(stored_point(there), version + 1, "remove")], by)

        self._transact(write)
        self._follow(self._now())

    def versions(self, point_id: str, before: int | None, most: int) -> list[Row]:
        """What a point was, the newest version first: who changed it, when, and every field. Raises NotFound."""
        rows = self._store.versions(point_id, before, most)
        if not rows and before is None:
            raise NotFound
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
