"""The collections `uploads`, `upload_parts` and `upload_days`, and GridFS `files` for what was accepted."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from bson.objectid import ObjectId
from pymongo.errors import DuplicateKeyError

from api.storage.database import Database, Document, Index, due_by

INDEXES: list[Index] = [
    ("uploads", [("owner", 1), ("_id", 1)], {}),
    ("uploads", [("owner", 1), ("state", 1), ("received_at", 1)], {}),
    ("uploads", [("look_at", 1)], {"sparse": True}),
    ("upload_parts", [("upload", 1)], {}),
    ("upload_days", [("delete_at", 1)], {"expireAfterSeconds": 0}),
    ("files.chunks", [("files_id", 1), ("n", 1)], {"unique": True}),
]

SEALED = [("uploads", ("name", "key"))]
"""What the keyring sealed here. Parts and contents are sealed with the file's own key, in `key`."""


class FileStore:
    """Uploads and encrypted files."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # -- uploads ------------------------------------------------------------

    def count_day(self, owner: str, day: str, size: int, most: tuple[int, int], delete_at: datetime) -> bool:
        """Count an upload towards a person's daily limit `most` (files, bytes); False if it would be exceeded."""
        room = {"_id": f"{owner}:{day}", "files": {"$lt": most[0]}, "bytes": {"$lte": most[1] - size}}
        more = {"$inc": {"files": 1, "bytes": size}, "$setOnInsert": {"v": 1, "delete_at": delete_at}}
        for _ in range(2):  # the day's first two uploads may both find no row
            try:
                self._db["upload_days"].update_one(room, more, upsert=True)
            except DuplicateKeyError:
                continue
            return True
        return False

    def add(self, row: Document) -> None:
        """Insert a new upload."""
        self._db.put("uploads", row)

    def upload(self, upload_id: str) -> Document | None:
        """An upload by id."""
        return self._db["uploads"].find_one({"_id": upload_id})

    def of(self, owner: str) -> list[Document]:
        """A person's uploads, oldest first, without those that are being removed."""
        wanted = {"owner": owner, "state": {"$ne": "removed"}}
        return list(self._db["uploads"].find(wanted).sort("_id", 1))

    def move(self, upload_id: str, before: str, change: Document) -> bool:
        """Change an upload that is in state `before`; False where it is not."""
        wanted = {"_id": upload_id, "state": before}
        return self._db["uploads"].update_one(wanted, {"$set": change}).matched_count == 1

    def keep(self, uploads: list[str], session: Any) -> int:
        """Exempt accepted uploads of a case from retention; gives how many still exist."""
        wanted = {"_id": {"$in": uploads}, "state": "accepted", "leaving": {"$ne": True}}
        change = {"$set": {"of_case": True, "look_at": None}}
        return self._db["uploads"].update_many(wanted, change, session=session).matched_count

    def unchecked(self, owner: str, most: int) -> int:
        """How many whole uploads of a person wait for their check, counted up to `most`."""
        return self._db["uploads"].count_documents({"owner": owner, "state": "checking"}, limit=most)

    def next_unchecked(self, owner: str, session: Any = None) -> str | None:
        """The id of a person's upload that is to be checked first, or None; one whose check failed waits by itself."""
        waits = {"owner": owner, "state": "checking", "stalled": {"$ne": True}}
        row = self._db["uploads"].find_one(waits, {"_id": 1}, sort=[("received_at", 1), ("_id", 1)], session=session)
        return str(row["_id"]) if row else None

    def begin_check(self, upload_id: str) -> Document | None:
        """An upload to be checked, with one more try counted, or None where there is nothing to check."""
        wanted = {"_id": upload_id, "state": "checking"}
        more = {"$inc": {"tries": 1}}
        return self._db.take("uploads", wanted, more)

    def free(self, uploads: list[str], now: datetime) -> None:
        """Have retention look at these accepted uploads now, but for those that a case keeps."""
        free = {"_id": {"$in": uploads}, "state": "accepted", "of_case": {"$ne": True}}
        self._db["uploads"].update_many(free, {"$set": {"look_at": now}})

    def due(self, now: datetime) -> Document | None:
        """The upload that retention should look at first, or None."""
        return self._db["uploads"].find_one({"look_at": due_by(now)}, sort=[("look_at", 1)])

    def drop(self, row: Document, now: datetime) -> bool:
        """Delete an upload with its parts and contents; False if its state has changed meanwhile.

        It is marked `removed` first, so that retention finishes a deletion that a crash interrupted.
        """
        same = {"_id": row["_id"], "state": row["state"]}
        gone = {"$set": {"state": "removed", "look_at": now}}
        if self._db["uploads"].update_one(same, gone).matched_count == 0:
            return False
        self.drop_parts(row["_id"])
        self.drop_contents(row["_id"])
        self._db["uploads"].delete_one({"_id": row["_id"]})
        return True

    # -- parts --------------------------------------------------------------

    def add_part(self, upload_id: str, sealed: bytes) -> ObjectId:
        """Write one part. It counts only once the upload names it (`count`)."""
        part = ObjectId()
        self._db.put("upload_parts", {"_id": part, "upload": upload_id, "data": sealed})
        return part

    def count(self, upload_id: str, at: int, parts: list[Document], after: int, change: Document, session: Any) -> bool:
        """Count parts that bring an upload from offset `at` to `after`; False if another writer was first at `at`."""
        at_offset = {"_id": upload_id, "state": "receiving", "received": at}
        taken = {"$set": {**change, "received": after}, "$push": {"parts": {"$each": parts}}}
        if self._db["uploads"].update_one(at_offset, taken, session=session).modified_count == 1:
            return True
        # The driver may have asked again a store that died after the first time: then these very parts count already.
        counted = {"_id": upload_id, "parts.id": parts[0]["id"]}
        return self._db["uploads"].find_one(counted, {"_id": 1}, session=session) is not None

    def parts(self, upload: Document) -> Iterator[tuple[int, bytes]]:
        """The parts that count, in order: (offset, sealed bytes)."""
        for part in upload["parts"]:
            row = self._db["upload_parts"].find_one({"_id": part["id"]})
            if row is None:
                raise LookupError(f"part {part['offset']} of upload {upload['_id']} is not there")
            yield part["offset"], bytes(row["data"])

    def drop_part(self, part: ObjectId) -> None:
        """Delete a part that does not count."""
        self._db["upload_parts"].delete_one({"_id": part})

    def drop_parts(self, upload_id: str) -> None:
        """Delete the parts of an upload."""
        self._db["upload_parts"].delete_many({"upload": upload_id})

    # -- contents: GridFS, written frame by frame, since the driver's own writer gathers a whole file first ----

    def keep_content(self, content_id: str, frame_bytes: int, frames: Iterable[bytes], at: datetime) -> None:
        """Store sealed frames, each as one GridFS chunk of `frame_bytes` (the last may be shorter)."""
        length = 0
        for number, frame in enumerate(frames):
            self._db.put("files.chunks", {"files_id": content_id, "n": number, "data": frame})
            length += len(frame)
        file = {"filename": content_id, "length": length, "chunkSize": frame_bytes, "uploadDate": at}
        self._db.put("files.files", {"_id": content_id, **file})

    def content(self, content_id: str) -> Iterator[bytes]:
        """The sealed frames of a content in order, each read when it is needed."""
        number = 0
        while row := self._db["files.chunks"].find_one({"files_id": content_id, "n": number}):
            yield bytes(row["data"])
            number += 1

    def drop_contents(self, upload_id: str, kept: Iterable[str] = ()) -> None:
        """Remove what was stored for an upload (`<upload>:<try>:<which>`), but for the ids in `kept`."""
        chunks = self._db["files.chunks"]
        mine = {"files_id": {"$gte": f"{upload_id}:", "$lt": f"{upload_id};"}, "n": 0}
        ids = {row["files_id"] for row in chunks.find(mine, {"files_id": 1})}.difference(kept)
        if ids:  # the chunks last: by them a sweep that was cut off is found again
            self._db["files.files"].delete_many({"_id": {"$in": sorted(ids)}})
            chunks.delete_many({"files_id": {"$in": sorted(ids)}})

    def drop_content(self, content_id: str) -> None:
        """Remove one content."""
        self._db["files.chunks"].delete_many({"files_id": content_id})
        self._db["files.files"].delete_one({"_id": content_id})
