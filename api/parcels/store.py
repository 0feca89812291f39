"""The collection `parcels`; a parcel's tracking events are a set inside it, so that one write keeps both together."""

from typing import Any

from pymongo.errors import DuplicateKeyError

from api.storage.database import Database, Document, Index

INDEXES: list[Index] = [
    ("parcels", [("secret", 1)], {"unique": True}),
    ("parcels", [("case", 1), ("direction", 1)], {"unique": True, "partialFilterExpression": {"open": True}}),
    ("parcels", [("open", 1), ("_id", -1)], {}),
    ("parcels", [("desk", 1), ("open", 1), ("_id", -1)], {}),
    ("parcels", [("department", 1), ("open", 1), ("_id", -1)], {}),
    ("parcels", [("case_id", 1)], {}),
]

SEALED = [("parcels", ("salt", "receiver.name", "receiver.phone", "receiver.address"))]


class ParcelStore:
    """Parcels. `version` counts what people changed, `pushes` what carriers told."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, session: Any, row: Document) -> bool:
        """Keep a new parcel; False where one of this case and direction is open already."""
        try:
            self._db["parcels"].insert_one(row, session=session)
        except DuplicateKeyError:
            return False
        return True

    def parcel(self, parcel_id: str) -> Document | None:
        """A parcel by id."""
        return self._db["parcels"].find_one({"_id": parcel_id})

    def by_secret(self, secret: str) -> Document | None:
        """A parcel by the unguessable part of its callback."""
        return self._db["parcels"].find_one({"secret": secret})

    def of_case(self, number: str) -> list[Document]:
        """A case's parcels, newest first."""
        return list(self._db["parcels"].find({"case": number}).sort("_id", -1))

    def follow(self, case_id: str, place: Document) -> None:
        """A case's parcels lie where it lies. No version counts this: nobody's change is lost by it."""
        self._db["parcels"].update_many({"case_id": case_id}, {"$set": place})

    def unplaced(self, limit: int) -> list[Document]:
        """Parcels of a release that knew no places."""
        return list(self._db["parcels"].find({"desk": None}).limit(limit))

    def list(self, wanted: Document, after: str | None, limit: int) -> list[Document]:
        """Parcels, newest first, one more than `limit` to tell whether there are more."""
        if after:
            wanted = {**wanted, "_id": {"$lt": after}}
        return list(self._db["parcels"].find(wanted).sort("_id", -1).limit(limit + 1))

    def pushed(self, session: Any, parcel_id: str, pushes: int, change: Document) -> bool:
        """Take a push into a parcel that has had `pushes`; False where another came first."""
        wanted = {"_id": parcel_id, "pushes": pushes}
        done = self._db["parcels"].update_one(wanted, {"$set": change, "$inc": {"pushes": 1}}, session=session)
        return done.modified_count == 1

    def change(self, session: Any, parcel_id: str, version: int, change: Document) -> bool:
        """Change a parcel that still has `version`; False where it has not."""
        wanted = {"_id": parcel_id, "version": version}
        done = self._db["parcels"].update_one(wanted, {"$set": change, "$inc": {"version": 1}}, session=session)
        return done.modified_count == 1
