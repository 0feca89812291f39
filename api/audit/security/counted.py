"""Bounds events that may come in numbers, so that a flood of them makes few rows: rules, without a store.

Each event becomes a row of its own while few come: so many per address (or person) and minute, so many of all in a
minute and in an hour. What comes on top is counted, per act and address, then per act alone, and becomes one row per
minute. Everything is counted, and nothing grows with what strangers send.
"""

import threading
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from uuid6 import uuid7

from api.audit.acts import kind_of

NEVER = datetime.min.replace(tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LOOK_AGAIN = timedelta(minutes=30)
"""As long, the same look of the same person is counted with the first: an open page asks again by itself."""
MOST_LOOKS = 5_000
"""Looks that a process remembers, so as to know the same one again."""


class Bounds(NamedTuple):
    """The most rows of a process: of one act by one address or person in a minute; of all in a minute, in an hour."""

    of_one: int
    a_minute: int
    an_hour: int


STRANGERS = Bounds(of_one=5, a_minute=60, an_hour=600)
PEOPLE = Bounds(of_one=20, a_minute=300, an_hour=3_000)
"""Of people who are logged in, or did log in."""


@dataclass(frozen=True)
class SecurityEvent:
    """What happened: who did what to what, from where. Texts are ours or ids, never a stranger's.

    `actor` is "" for a stranger. `address` is a keyed digest of the client's address, `network` the network it is in.
    """

    act: str
    actor: str = ""
    subject: str = ""
    detail: str = ""
    count: int | None = None
    address: str = ""
    network: str = ""
    route: str = ""

    @property
    def who(self) -> str:
        """The person, or the address of a stranger."""
        return self.actor or self.address

    def row(self, at: datetime, times: int = 1, since: datetime | None = None) -> dict[str, Any]:
        """The event as a row of the audit; `times` where it stands for several, the first of them at `since`."""
        own = {name: value for name, value in vars(self).items() if value not in ("", None) or name == "subject"}
        several = {"times": times, "since": since} if since else {}
        return {"_id": str(uuid7()), "v": 1, **own, "kind": kind_of(self.act), "actor": self.actor, "at": at, **several}


@dataclass
class _Count:
    """How often an event came in a span that begins at `begun`, beside those that have rows; and the first of them."""

    begun: datetime
    span: timedelta
    since: datetime
    times: int
    rows_seen: int | None = None
    """Of looks: how many rows the last of them gave."""


class CountedEvents:
    """The events of a process that are not written yet, and the counts that are open."""

    def __init__(self) -> None:
        self._ready: list[dict[str, Any]] = []
        self._counts: dict[tuple[SecurityEvent, bool], _Count] = {}
        self._minute = self._hour = NEVER
        self._in_minute: Counter[str] = Counter()
        self._in_hour: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, event: SecurityEvent, now: datetime) -> None:
        """Take an event; `due` then gives its row, or the count that it is in."""
        with self._lock:
            self._turn(now)
            bounded = self._bounded(event)
            if bounded is event:
                self._ready.append(event.row(now))
            else:
                self._count((bounded, False), now, MINUTE, 1)

    def take_first(self, event: SecurityEvent, now: datetime) -> dict[str, Any] | None:
        """As `take`, but give the row to the caller, who writes it; None if the event is counted only.

        What others do never takes this row: only the bound of one person holds.
        """
        with self._lock:
            self._turn(now)
            bounded = self._bounded_of_one(event)
            if bounded is event:
                return event.row(now)
            self._count((bounded, False), now, MINUTE, 1)
            return None

    def take_look(self, event: SecurityEvent, now: datetime) -> dict[str, Any] | None:
        """The row of a look; None if it is the same as one in LOOK_AGAIN before, and so is counted with it.

        How many rows were seen makes no other look; the row of those that are counted bears the last number. When too
        many looks are remembered, each is a row.
        """
        key = (replace(event, count=None), True)
        with self._lock:
            self._turn(now)
            if key in self._counts:
                self._count(key, now, LOOK_AGAIN, 1)
                self._counts[key].rows_seen = event.count
                return None
            if len(self._counts) < MOST_LOOKS:
                self._count(key, now, LOOK_AGAIN, 0)
            return event.row(now)

    def forget_look(self, event: SecurityEvent) -> None:
        """Undo a look whose row could not be written."""
        with self._lock:
            self._counts.pop((replace(event, count=None), True), None)

    def due(self, now: datetime, *, everything: bool = False) -> list[dict[str, Any]]:
        """The rows to be written now, each given once; with `everything`, of the open counts too, as at an end."""
        with self._lock:
            self._turn(now)
            if everything:
                self._close(now, list(self._counts))
                self._minute = self._hour = NEVER
            rows, self._ready = self._ready, []
            return rows

    def _count(self, key: tuple[SecurityEvent, bool], now: datetime, span: timedelta, times: int) -> None:
        count = self._counts.setdefault(key, _Count(now, span, now, 0))
        if count.times == 0:
            count.since = now
        count.times += times

    def _turn(self, now: datetime) -> None:
        """With a new minute, close the counts whose span is over and begin the bounds anew."""
        minute = now.replace(second=0, microsecond=0)
        if minute == self._minute:
            return
        self._minute = minute
        self._in_minute.clear()
        if minute.replace(minute=0) != self._hour:
            self._hour = minute.replace(minute=0)
            self._in_hour.clear()
        over = [key for key, count in self._counts.items() if not count.begun <= now < count.begun + count.span]
        self._close(now, over)

    def _close(self, now: datetime, keys: list[tuple[SecurityEvent, bool]]) -> None:
        for key in keys:
            count = self._counts.pop(key)
            if count.times:
                event = replace(key[0], count=count.rows_seen)
                self._ready.append(event.row(now, count.times, count.since))

    def _bounded(self, event: SecurityEvent) -> SecurityEvent:
        """The event itself while its bounds hold; else what it is counted as."""
        bounds, group = (PEOPLE, "people") if event.actor else (STRANGERS, "strangers")
        if self._in_minute[group] >= bounds.a_minute or self._in_hour[group] >= bounds.an_hour:
            return SecurityEvent(event.act, detail="others")
        bounded = self._bounded_of_one(event)
        if bounded is event:
            self._in_minute[group] += 1
            self._in_hour[group] += 1
        return bounded

    def _bounded_of_one(self, event: SecurityEvent) -> SecurityEvent:
        """The event itself while it comes seldom of this person or address; else what it is counted as."""
        own = f"{event.act} of {event.who}"
        if self._in_minute[own] >= (PEOPLE if event.actor else STRANGERS).of_one:
            return replace(event, subject="", detail="others", route="", count=None)
        self._in_minute[own] += 1
        return event
