"""Changes service points: CSV import and export, single changes by administrators; each is kept as a version."""

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
"""Who makes a change at the command line, and who made the points that came with the program."""
Row = dict[str, Any]


class PointExists(Refusal):
    """A point with this id exists already."""

    code = "point_exists"
    zh = "这个编号的服务点已经有了，请换一个编号，或直接修改它。"
    en = "A point with this id exists. Choose another id, or change that one."


class PointInUse(Refusal):
    """Staff, conversations or cases still belong to the point: it can be closed (`built: no`), but not deleted."""

    code = "point_in_use"
    zh = "还有人员、咨询或办件挂在这个服务点，不能删除；可以先把“建成”改为“否”，不再让群众前往。"
    en = 'Staff, conversations or cases still hang on this point. Close it instead: set "built" to "no".'


class Change(NamedTuple):
    """One change of a point, with its version afterwards; `act` is add, change or remove."""

    point: ServicePoint
    version: int
    act: str


class PointChanges:
    """Writes points with their version, audit row and event in one transaction, and reloads this process's snapshot."""

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
        """`check_hours` raises ValueError for bad weekly hours; `knows` says whether a matter of this code exists;
        `prepare` computes the travel times of new positions before their points are written.
        """
        self._prepare = prepare
        self._store, self._transact, self._announce, self._now = store, transact, announce, now
        self._check_hours, self._knows, self._record, self._follow = check_hours, knows, record, follow
        self._ports = ports

    def start(self) -> None:
        """Load the starter points, which come with the program, if the store has none."""
        if not self._store.points():
            starter = resources.files("api.circle").joinpath("data/service_points.csv").read_bytes()
            self._put(read_points(starter, self._check_hours, self._knows), by=STARTER)

    def load(self, file: Path) -> list[str]:
        """Import the points of a CSV file: new ones are added, known ones replaced, others stay.

        A file without the column `accepts_from`, as earlier releases wrote them, leaves that day as it is.
        Returns the errors, e.g. `line 12: lon: …`; where there are any, nothing was changed.
        """
        try:
            content = file.read_bytes()
            points = read_points(content, self._check_hours, self._knows)
        except BadFields as refused:
            return [f"{place}: {reason}" for place, reasons in (refused.errors or {}).items() for reason in reasons]
        if b"accepts_from" not in content.partition(b"\n")[0]:
            days = {row["_id"]: row.get("accepts_from", "") for row in self._store.points()}
            points = [replace(point, accepts_from=days.get(point.id, "")) for point in points]
        self._prepare(points)
        self._put(points, by=OPERATOR)
        self._follow(self._now())
        return []

    def export(self) -> str:
        """All points as CSV."""
        return write_points([stored_point(row) for row in self._store.points()])

    def _put(self, points: Sequence[ServicePoint], by: str) -> int:
        def write(session: Any) -> int:
            stored = {row["_id"]: row for row in self._store.points(session)}
            changed = [p for p in points if p.id not in stored or stored_point(stored[p.id]) != p]
            last = self._store.last_versions([point.id for point in changed], session)
            self._write(
                session,
                [Change(p, last.get(p.id, 0) + 1, "change" if p.id in stored else "add") for p in changed],
                by,
            )
            return len(changed)

        changed: int = self._transact(write)
        return changed

    def _write(self, session: Any, changes: Sequence[Change], by: str, ref: str | None = None) -> None:
        """Write points and their versions, audit each change that a person made, and announce it to every process."""
        if not changes:
            return
        now = self._now()
        rows = {
            change.point.id: {key: value for key, value in row_of(change.point).items() if key != "id"}
            for change in changes
        }
        self._store.put_points(
            session,
            [
                {"_id": change.point.id, "v": 1, "version": change.version, **rows[change.point.id]}
                for change in changes
                if change.act != "remove"
            ],
        )
        about = {"v": 1, "at": now, "by": by, "ref": ref}
        self._store.add_versions(
            session,
            [
                {
                    "_id": f"{change.point.id}:{change.version}",
                    "point": change.point.id,
                    "version": change.version,
                    "act": change.act,
                    "row": rows[change.point.id],
                    **about,
                }
                for change in changes
            ],
        )
        for change in changes if by != STARTER else ():
            self._record(by, f"point.{change.act}", f"point:{change.point.id}", session=session)
        self._store.change(session)
        self._announce(session, "points.changed", "points", count=len(changes))

    def add(self, by: str, values: Row, ref: str) -> str:
        """Add a point and return its id. `ref` is the id of the request, and the point's where `values` has no `id`.

        Raises BadFields and PointExists.
        """
        point = self._checked({"id": ref, **values})
        self._prepare([point])

        def write(session: Any) -> None:
            if any(row["_id"] == point.id for row in self._store.points(session)):
                raise PointExists
            last = self._store.last_versions([point.id], session).get(point.id, 0)
            self._write(session, [Change(point, last + 1, "add")], by, ref)

        self._transact(write)
        self._follow(self._now())
        return point.id

    def created(self, ref: str) -> str:
        """The id of the point that an earlier try of the request `ref` added. Raises NotFound."""
        point_id = self._store.made_as(ref)
        if point_id is None:
            raise NotFound
        return point_id

    def change(self, by: str, point_id: str, version: int, values: Row) -> None:
        """Change the fields in `values` if the point still has this version.

        Raises NotFound, VersionStale and BadFields.
        """

        def changed(session: Any) -> tuple[ServicePoint, ServicePoint]:
            before = stored_point(self._row_at(session, point_id, version))
            return before, self._checked({**row_of(before), **values, "id": point_id})

        def write(session: Any) -> None:
            before, point = changed(session)
            if point != before:
                self._write(session, [Change(point, version + 1, "change")], by)

        self._prepare(changed(None)[1:])
        self._transact(write)
        self._follow(self._now())

    def remove(self, by: str, point_id: str, version: int) -> None:
        """Delete a point if it still has this version; the record of its versions stays.

        Raises NotFound, VersionStale and PointInUse.
        """
        hanging = {what: number for what, number in self._ports.hangs_on(point_id).items() if number}

        def write(session: Any) -> None:
            row = self._row_at(session, point_id, version)
            if hanging:
                raise PointInUse({what: [str(number)] for what, number in hanging.items()})
            self._store.remove_point(session, point_id)
            self._write(session, [Change(stored_point(row), version + 1, "remove")], by)

        self._transact(write)
        self._follow(self._now())

    def versions(self, point_id: str, before: int | None, most: int) -> list[Row]:
        """The versions of a point, the newest first: who changed it, when, and every field. Raises NotFound."""
        rows = self._store.versions(point_id, before, most)
        if not rows and before is None:
            raise NotFound
        return [
            {**{key: row[key] for key in ("version", "at", "by", "act")}, "point": {**row["row"], "id": point_id}}
            for row in rows
        ]

    def _row_at(self, session: Any, point_id: str, version: int) -> Row:
        row = next((row for row in self._store.points(session) if row["_id"] == point_id), None)
        if row is None:
            raise NotFound
        if row["version"] != version:
            raise VersionStale
        return row

    def _checked(self, values: Row) -> ServicePoint:
        """The point of these values, validated; `hours_confirmed` sets `hours_basis`. Raises BadFields."""
        sure = values.get("hours_confirmed")
        point = check_point(values, self._check_hours, self._knows)
        if sure is None or sure == point.hours_confirmed:
            return point
        return replace(point, hours_basis="confirmed by the office" if sure else "typical, not found: call first")
