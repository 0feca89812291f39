"""The collection `audit`: appended, never changed."""

from api.database import Database, Document, Index

INDEXES: list[Index] = [("audit", [("subject", 1), ("_id", 1)], {})]


class AuditStore:
    """Appended rows."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def append(self, row: Document) -> None:
        """Keep one row."""
        self._db["audit"].insert_one(row)
