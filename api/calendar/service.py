"""The one working-time function of the house: working days, opening hours, due dates, promised times.

Answers come from memory. An administrator's dated exceptions are in the store; every process follows them within 2 s.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, Protocol

from api.calendar.calendar import Mark, UnknownYear, WorkingCalendar, load_calendar
from api.calendar.hours import Opening, open_for, opening_at, parse_hours
from api.calendar.hours_text import clock
from api.calendar.schedule import Hours, Period, hours_on
from api.calendar.store import CalendarStore
from api.refusals import BadFields, VersionStale

Row = dict[str, Any]
KEPT_OPENINGS = 2_048


class Record(Protocol):
    """Write into the audit, in the transaction of what it tells of."""

    def __call__(self, actor_id: str, act: str, subject: str, *, session: Any) -> object: ...


class Due(NamedTuple):
    """The last day of a limit; `provisional` where it leans on a year without a notice: to show, never to record."""

    day: date
    provisional: bool


@dataclass(frozen=True)
class Picture:
    """The calendar as it stood at one version, and the notice behind each of its exceptions."""

    version: int
    working: WorkingCalendar
    notices: dict[date, str]

    @cached_property
    def opening(self) -> Callable[[str, datetime], Opening]:
        """(hours, a whole minute) -> how a place stands then. Periods begin and end on whole minutes, so it holds for
        each instant of the minute; many places have the same hours, so the last answers are kept."""
        return lru_cache(KEPT_OPENINGS)(lambda hours, minute: opening_at(_parsed(hours), self.working, minute))


class Calendar:
    """The published calendar with this district's dated exceptions."""

    def __init__(
        self,
        store: CalendarStore,
        *,
        transact: Callable[[Callable[[Any], Any]], Any],
        record: Record,
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._transact, self._record, self._now = store, transact, record, now
        self._picture = self._drawn()

    @property
    def working(self) -> WorkingCalendar:
        """The working days as they stand now."""
        return self._picture.working

    @property
    def version(self) -> int:
        """The number of the last change to the exceptions."""
        return self._picture.version

    # -- working time -------------------------------------------------------------

    def opening(self, hours: str, at: datetime) -> Opening:
        """Whether a place with these hours (`Mo-Fr 09:00-12:00,13:00-17:00`) is open at `at`."""
        return self._picture.opening(hours, at.replace(second=0, microsecond=0))

    def open_for(self, hours: str, since: datetime, length: timedelta) -> datetime | None:
        """When a place has been open for `length` since `since`, e.g. for a promised answer; None beyond 30 days."""
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
        """The same for pages: in unknown years a day reckoned Monday to Friday, and named provisional."""
        known = self.due(days, unit, start)
        if known is not None:
            return Due(known, provisional=False)
        if unit == "working":
            return Due(self.working.add_provisional(start, days), provisional=True)
        end = start + timedelta(days=days)
        return Due(end if self.working.provisional(end) else self.working.add_provisional(end, 1), provisional=True)

    def days(self, first: date, last: date) -> list[Row]:
        """Each day with whether it is a working day; `provisional` where the year has no notice yet."""
        picture = self._picture
        span = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return [
            {
                "date": day,
                "working": picture.working.provisional(day),
                "provisional": not picture.working.is_known(day),
                "notice": picture.notices.get(day),
            }
            for day in span
        ]

    def opening_days(self, hours: str, first: date, last: date) -> list[Row]:
        """Each day with the periods that a place with these hours is open, in minutes after 00:00. Raises BadFields."""
        try:
            parsed = _parsed(hours)
        except ValueError as error:
            raise BadFields({"text": [f"开放时间读不懂，例：Mo-Fr 09:00-12:00,13:00-17:00。（{error}）"]}) from None
        return [
            {**day, "periods": [_told(period) for period in hours_on(parsed, self.working, day["date"])]}
            for day in self.days(first, last)
        ]

    # -- exceptions ----------------------------------------------------------------

    def change(self, actor_id: str, version: int, items: list[Row]) -> None:
        """Set dated exceptions `{date, kind: rest|work, notice}`, or take them away (kind None), against a version.

        All or none. Each is audited. Raises VersionStale.
        """
        rows = [{**item, "date": item["date"].isoformat()} for item in items]

        def write(session: Any) -> None:
            if not self._store.change(session, version, rows, actor_id, self._now()):
                raise VersionStale
            for row in rows:
                self._record(actor_id, f"calendar.{row['kind'] or 'usual'}", f"calendar:{row['date']}", session=session)

        self._transact(write)
        self._picture = self._drawn()

    def follow(self, now: datetime) -> bool:
        """A step for every process: take the exceptions anew where they have changed. True when they had."""
        if self._store.version() == self._picture.version:
            return False
        self._picture = self._drawn()
        return True

    def _drawn(self) -> Picture:
        version, rows = self._store.version(), self._store.exceptions()  # in this order: a later change is seen later
        marks: dict[date, Mark] = {date.fromisoformat(day): row["kind"] for day, row in rows.items()}
        notices = {date.fromisoformat(day): row.get("notice", "") for day, row in rows.items()}
        return Picture(version, load_calendar().with_exceptions(marks), notices)


@lru_cache(maxsize=512)
def _parsed(hours: str) -> Hours:
    return parse_hours(hours)


def _told(period: Period) -> Row:
    return {"opens": clock(period.opens), "closes": clock(period.closes), "extended": period.extended}
