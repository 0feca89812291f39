"""The collection `calendar_exceptions`: dated changes to the published calendar, by official notice only."""

from api.database import Database, Index

INDEXES: list[Index] = []


class CalendarStore:
    """Dated exceptions: date -> `rest` or `work`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def exceptions(self) -> dict[str, str]:
        """All exceptions, by ISO date."""
        return {row["_id"]: row["kind"] for row in self._db["calendar_exceptions"].find()}
