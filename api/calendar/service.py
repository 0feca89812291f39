"""The use cases of the calendar: working days, opening hours, due dates, promised times.

Answers come from a snapshot in memory. Administrators' dated exceptions are in the store; every process reloads them
within 2 s of a change.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, Protocol

from api.calendar.calendar import Mark, UnknownYear, WorkingCalendar, days_between, load_calendar
from api.calendar.hours import Opening, open_for, opening_at, parse_hours
from api.calendar.hours_text import clock
from api.calendar.schedule import Hours, Period, hours_on
from api.calendar.store import CalendarStore
from api.refusals import BadFields, VersionStale

Row = dict[str, Any]
KEPT_OPENINGS = 2_048


class Record(Protocol):
    """Write an audit row in the transaction of the change."""

    def __call__(self, actor_id: str, act: str, subject: str, *, session: Any) -> object: ...


class Due(NamedTuple):
    """The last day of a time limit; `provisional` if a year without a notice is involved: to show, never to record."""

    day: date
    provisional: bool


@dataclass(frozen=True)
class CalendarSnapshot:
    """An immutable snapshot: the calendar at one version, and the notice behind each of its exceptions."""

    version: int
    working: WorkingCalendar
    notices: dict[date, str]

    @cached_property
    def opening(self) -> Callable[[str, datetime], Opening]:
        """A cached function (hours, whole minute) -> Opening, since many places have the same hours.

        Periods begin and end on whole minutes, so one answer holds for its whole minute.
        """
        return lru_cache(KEPT_OPENINGS)(lambda hours, minute: opening_at(_parsed(hours), self.working, minute))


class Calendar:
    """The published calendar with this district's dated exceptions."""

    def __init__(
        self,
        store: CalendarStore,
        *,
        transact: Callable[[Callable[[Any], Any]], Any],
        record: Record,
        announce: Callable[..., None],
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._transact, self._record, self._now = store, transact, record, now
        self._announce = announce
        self._snapshot = self._load()

    @property
    def working(self) -> WorkingCalendar:
        """The working days of the current snapshot."""
        return self._snapshot.working

    @property
    def version(self) -> int:
        """The version of the exceptions, i.e. the number of changes so far."""
        return self._snapshot.version

    # -- working time -------------------------------------------------------------

    def opening(self, hours: str, at: datetime) -> Opening:
        """Whether a place with these hours (`Mo-Fr 09:00-12:00,13:00-17:00`) is open at `at`."""
        return self._snapshot.opening(hours, at.replace(second=0, microsecond=0))

    def open_for(self, hours: str, since: datetime, length: timedelta) -> datetime | None:
        """The instant at which a place has been open for `length` since `since`; None if beyond 30 days."""
        return open_for(_parsed(hours), self.working, since, length)

    def due(self, days: int, unit: str, start: date) -> date | None:
        """The last day of a limit of `days` (`working` or `calendar`) that starts on `start`; None in unknown years.

        The day of the start is not counted; a limit in calendar days that ends on a rest day ends on the next
        working day (民法典 第201、203条).
        """
        try:
            if unit == "working":
                return self.working.add_working(start, days)
            end = start + timedelta(days=days)
            return end if self.working.is_working(end) else self.working.next_working(end)
        except UnknownYear:
            return None

    def provisional_due(self, days: int, unit: str, start: date) -> Due:
        """As `due`, for display: in unknown years counted by Monday to Friday and marked provisional."""
        known = self.due(days, unit, start)
        if known is not None:
            return Due(known, provisional=False)
        if unit == "working":
            return Due(self.working.add_provisional(start, days), provisional=True)
        end = start + timedelta(days=days)
        return Due(end if self.working.provisional(end) else self.working.add_provisional(end, 1), provisional=True)

    def days(self, first: date, last: date) -> list[Row]:
        """Each day with whether it is a working day; `provisional` where the year has no notice yet."""
        snapshot = self._snapshot
        return [
            {
                "date": day,
                "working": snapshot.working.provisional(day),
                "provisional": not snapshot.working.is_known(day),
                "notice": snapshot.notices.get(day),
            }
            for day in days_between(first, last)
        ]

    def notices(self, first: date, last: date) -> list[str]:
        """The official notices behind the dated exceptions from one day to another, each once."""
        notices = self._snapshot.notices
        return sorted({notice for day, notice in notices.items() if first <= day <= last and notice})

    def opening_days(self, hours: str, first: date, last: date) -> list[Row]:
        """Each day with the periods that a place with these hours is open, in minutes after 00:00. Raises BadFields."""
        try:
            parsed = _parsed(hours)
        except ValueError as error:
            raise BadFields({"text": [f"开放时间读不懂，例：Mo-Fr 09:00-12:00,13:00-17:00。（{error}）"]}) from None
        return [
            {**day, "periods": [_as_json(period) for period in hours_on(parsed, self.working, day["date"])]}
            for day in self.days(first, last)
        ]

    # -- exceptions ----------------------------------------------------------------

    def change(self, actor_id: str, version: int, items: list[Row]) -> None:
        """Set dated exceptions `{date, kind: rest|work, notice}`, or remove them (kind None), if `version` still holds.

        All or none; each is audited. Raises VersionStale.
        """
        rows = [{**item, "date": item["date"].isoformat()} for item in items]

        def write(session: Any) -> None:
            if not self._store.change(session, version, rows, actor_id, self._now()):
                raise VersionStale
            for row in rows:
                self._record(actor_id, f"calendar.{row['kind'] or 'usual'}", f"calendar:{row['date']}", session=session)
            self._announce(session, "calendar.changed", "calendar", version=version + 1)

        self._transact(write)
        self._snapshot = self._load()

    def follow(self, now: datetime) -> bool:
        """A periodic step per process: reload the exceptions if they have changed. True if they had."""
        if self._store.version() == self._snapshot.version:
            return False
        self._snapshot = self._load()
        return True

    def _load(self) -> CalendarSnapshot:
        version, rows = self._store.version(), self._store.exceptions()  # in this order: a later change is seen later
        marks: dict[date, Mark] = {date.fromisoformat(day): row["kind"] for day, row in rows.items()}
        notices = {date.fromisoformat(day): row.get("notice", "") for day, row in rows.items()}
        return CalendarSnapshot(version, load_calendar().with_exceptions(marks), notices)


@lru_cache(maxsize=512)
def _parsed(hours: str) -> Hours:
    return parse_hours(hours)


def _as_json(period: Period) -> Row:
    return {"opens": clock(period.opens), "closes": clock(period.closes), "extended": period.extended}
