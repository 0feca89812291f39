"""The collections `uploads` and `upload_parts`, and GridFS `files` for what was accepted."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bson.objectid import ObjectId
from gridfs import GridFSBucket, NoFile

from api.database import Database, Document, Index

INDEXES: list[Index] = [
    ("uploads", [("owner", 1), ("_id", 1)], {}),
    ("upload_parts", [("upload", 1)], {}),
    ("upload_parts", [("delete_at", 1)], {"expireAfterSeconds": 0}),
]


class FileStore:
    """Uploads on their way, and sealed files."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._bucket = GridFSBucket(database.handle, bucket_name="files")

    def add(self, row: Document) -> None:
        """Keep a new upload."""
        self._db["uploads"].insert_one(row)

    def upload(self, upload_id: str) -> Document | None:
        """An upload by id."""
        return self._db["uploads"].find_one({"_id": upload_id})

    def add_part(self, upload_id: str, offset: int, sealed: bytes, size: int, delete_at: datetime) -> bool:
        """Keep one part if the upload stands at `offset`; False where another request went on from there.

        The part is written first and counts only once the upload names it: of two writers at one offset one wins.
        """
        part = ObjectId()
        self._db["upload_parts"].insert_one({"_id": part, "upload": upload_id, "data": sealed, "delete_at": delete_at})
        at_offset = {"_id": upload_id, "state": "receiving", "received": offset}
        taken = {"$set": {"received": offset + size}, "$push": {"parts": {"id": part, "offset": offset}}}
        if self._db["uploads"].update_one(at_offset, taken).modified_count == 1:
            return True
        self._db["upload_parts"].delete_one({"_id": part})
        return False

    def parts(self, upload: Document) -> Iterator[tuple[int, bytes]]:
        """The parts that count, in order: (offset, sealed bytes)."""
        for part in upload["parts"]:
            row = self._db["upload_parts"].find_one({"_id": part["id"]})
            assert row is not None
            yield part["offset"], bytes(row["data"])

    def move(self, upload_id: str, before: str, change: Document, session: Any = None) -> bool:
        """Change an upload that is in state `before`; False where it is not."""
        wanted = {"_id": upload_id, "state": before}
        return self._db["uploads"].update_one(wanted, {"$set": change}, session=session).modified_count == 1

    def drop_parts(self, upload_id: str) -> None:
        """Forget the parts of an upload that is complete or given up."""
        self._db["upload_parts"].delete_many({"upload": upload_id})

    def drop(self, upload_id: str) -> None:
        """Forget an upload that is bound to nothing."""
        self.drop_parts(upload_id)
        self._db["uploads"].delete_one({"_id": upload_id})

    def keep_content(self, upload_id: str, sealed: bytes) -> None:
        """Store the sealed content. Again changes nothing: the id is the upload's."""
        self.drop_content(upload_id)
        self._bucket.upload_from_stream_with_id(upload_id, upload_id, sealed)

    def content(self, upload_id: str) -> bytes | None:
        """The sealed content, or None."""
        try:
            return self._bucket.open_download_stream(upload_id).read()
        except NoFile:
            return None

    def drop_content(self, upload_id: str) -> None:
        """Remove the sealed content if it is there."""
        self._db["files.chunks"].delete_many({"files_id": upload_id})
        self._db["files.files"].delete_one({"_id": upload_id})
