"""The collection `parcels`: a stored document is read into a `Parcel` here and nowhere else.

A parcel's tracking events are a set inside its document, so that one write keeps both together.
"""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from pymongo.errors import DuplicateKeyError

from api.parcels.parcel import Parcel, Receiver, TrackingEvent
from api.storage.database import Database, Document, Index

INDEXES: list[Index] = [
    ("parcels", [("secret", 1)], {"unique": True}),
    (
        "parcels",
        [("case", 1), ("direction", 1), ("result", 1)],
        {"unique": True, "partialFilterExpression": {"open": True}},
    ),
    ("parcels", [("open", 1), ("_id", -1)], {}),
    ("parcels", [("desk", 1), ("open", 1), ("_id", -1)], {}),
    ("parcels", [("department", 1), ("open", 1), ("_id", -1)], {}),
    ("parcels", [("case_id", 1)], {}),
    ("parcels", [("owner", 1)], {}),
    ("parcels", [("case", 1), ("_id", -1)], {}),
]

OLD_INDEXES = [("parcels", "case_1_direction_1")]
"""Of releases that knew one result a case: it would keep the parcel of a new one out."""
SEALED = [("parcels", ("salt", "receiver.name", "receiver.phone", "receiver.address"))]


class ParcelStore:
    """Parcels. `version` counts what people changed, `pushes` the carrier's pushes."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, session: Any, parcel: Parcel) -> bool:
        """Insert a new parcel; False if one of the same case, direction and result is open already."""
        document = asdict(parcel)
        row = {"_id": document.pop("id"), "v": 1, **document, "events": _documents(parcel.events)}
        try:
            self._db["parcels"].insert_one(row, session=session)
        except DuplicateKeyError:
            return False
        return True

    def parcel(self, parcel_id: str) -> Parcel | None:
        """A parcel by id."""
        return _parcel_or_none(self._db["parcels"].find_one({"_id": parcel_id}))

    def by_secret(self, secret: str) -> Parcel | None:
        """A parcel by the unguessable part of its callback."""
        return _parcel_or_none(self._db["parcels"].find_one({"secret": secret}))

    def of_case(self, number: str) -> list[Parcel]:
        """A case's parcels, newest first."""
        return [_parcel(row) for row in self._db["parcels"].find({"case": number}).sort("_id", -1)]

    def open_of(self, number: str) -> list[Parcel]:
        """The open parcels of a case."""
        return [_parcel(row) for row in self._db["parcels"].find({"case": number, "open": True})]

    def note_replaced(self, parcel: Parcel) -> None:
        """Note that what a parcel holds was made anew. Versions stay, since this conflicts with no other change."""
        self._db["parcels"].update_one({"_id": parcel.id}, {"$set": {"replaced": True}})

    def follow(self, case_id: str, desk: str, department: str) -> None:
        """Set desk and department of a case's parcels. Versions stay, since this conflicts with no other change."""
        place = {"desk": desk, "department": department}
        self._db["parcels"].update_many({"case_id": case_id}, {"$set": place})

    def unplaced(self, limit: int) -> list[Parcel]:
        """Up to `limit` parcels of older releases, which have no desk."""
        return [_parcel(row) for row in self._db["parcels"].find({"desk": None}).limit(limit)]

    def list(self, filters: Iterable[Document], after: str | None, limit: int) -> list[Parcel]:
        """Parcels that match one of the filters, newest first, up to `limit`.

        One query per filter, since the embedded store reads the whole collection for an `$or`.
        """
        rows = {row["_id"]: row for wanted in filters for row in self._db.newest("parcels", wanted, after, limit)}
        return [_parcel(rows[parcel_id]) for parcel_id in sorted(rows, reverse=True)[:limit]]

    def push(self, session: Any, before: Parcel, after: Parcel) -> bool:
        """Write the changes of a push; False if another push came since `before` was read."""
        wanted = {"_id": before.id, "pushes": before.pushes}
        change = {field: getattr(after, field) for field in ("monitor", "state", "open")}
        change["events"] = _documents(after.events)
        update = {"$set": change, "$inc": {"pushes": 1}}
        return self._db["parcels"].update_one(wanted, update, session=session).modified_count == 1

    def confirm(self, session: Any, parcel: Parcel, version: int) -> bool:
        """Write the applicant's confirmation; False if the parcel is no longer at `version`."""
        wanted = {"_id": parcel.id, "version": version}
        change = {"confirmed_at": parcel.confirmed_at, "open": parcel.open}
        update = {"$set": change, "$inc": {"version": 1}}
        return self._db["parcels"].update_one(wanted, update, session=session).modified_count == 1


def _parcel_or_none(row: Document | None) -> Parcel | None:
    return _parcel(row) if row else None


def _parcel(row: Document) -> Parcel:
    """A parcel from its document. Earlier releases wrote no desk, no department and no result."""
    return Parcel(
        id=row["_id"],
        version=row["version"],
        pushes=row["pushes"],
        open=row["open"],
        case=row["case"],
        case_id=row["case_id"],
        owner=row["owner"],
        desk=row.get("desk"),
        department=row.get("department"),
        direction=row["direction"],
        result=row.get("result"),
        replaced=row.get("replaced", False),
        carrier=row["carrier"],
        number=row["number"],
        receiver=Receiver(*(row["receiver"][field] for field in ("name", "phone", "address"))),
        secret=row["secret"],
        salt=row["salt"],
        state=row["state"],
        monitor=row["monitor"],
        events=tuple(TrackingEvent(line["key"], line["at"], line["text"], line["state"]) for line in row["events"]),
        sent_by=row["sent_by"],
        confirmed_at=row["confirmed_at"],
        created_at=row["created_at"],
    )


def _documents(events: tuple[TrackingEvent, ...]) -> list[Document]:
    return [asdict(event) for event in events]
