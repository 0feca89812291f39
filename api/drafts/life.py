"""The life of a draft: 30 days from its last change, with reminders 7 days and 1 day before it ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from api.calendar.day_words import day_words
from api.matters.guide.situation import BilingualText
from api.times import BEIJING

KEPT_DAYS = 30
REMINDERS = (7, 1)
"""How many days before its last day a draft's owner is reminded."""
REMINDED_AT = time(9)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class LifeStep:
    """What is to be done with a draft now: `remind` (`days` before its last day), `extend` to `at`, `end`, or `wait`
    until `at`."""

    what: str
    at: datetime
    days: int = 0


def kept_until(changed_at: datetime) -> datetime:
    """The end of a draft that was changed last at this instant: the midnight in Beijing after the 30th day."""
    return _midnight_after(changed_at.astimezone(BEIJING).date() + timedelta(days=KEPT_DAYS))


def last_day(end: datetime) -> date:
    """The last day on which a draft with this end can be gone on with."""
    return (end.astimezone(BEIJING) - timedelta(seconds=1)).date()


def remind_at(end: datetime, days: int) -> datetime:
    """When a draft's owner is reminded: in the morning, so many days before the last day."""
    return datetime.combine(last_day(end) - timedelta(days=days), REMINDED_AT, BEIJING)


def next_step(end: datetime, reminded: Sequence[int], now: datetime) -> LifeStep:
    """The next thing to do with a draft of this end, whose owner was reminded so many days before.

    Nobody loses a draft without having been reminded a day before: where no process ran at that time, the draft is
    kept until the end of the day after.
    """
    due = [days for days in REMINDERS if now >= remind_at(end, days)]
    if 1 not in reminded and now >= end - DAY:
        return LifeStep("extend", _midnight_after(now.astimezone(BEIJING).date() + DAY))
    if due and min(due) not in reminded:
        return LifeStep("remind", now, min(due))
    if now >= end:
        return LifeStep("end", now)
    return LifeStep("wait", min(at for at in (*(remind_at(end, days) for days in REMINDERS), end) if at > now))


def sentence(end: datetime, now: datetime) -> BilingualText:
    """Until when a draft is kept, for its owner, in both languages."""
    day, today = last_day(end), now.astimezone(BEIJING).date()
    words, left = day_words(day, today), (day - today).days
    if left < 0:
        return BilingualText(
            "这份草稿已经到期，随时会删除；现在改动一处，就再留 30 天。",
            "This draft is over and may be deleted at any time; any change keeps it 30 days more.",
        )
    if left < 1:
        return BilingualText(
            "这份草稿今天到期，过了今天就删除；改动一处，就再留 30 天。",
            "This draft is deleted after today; any change keeps it 30 days more.",
        )
    return BilingualText(
        f"草稿保留到 {words.zh}（还有 {left} 天）；改动一处，就从那天起再留 30 天。",
        f"Kept until {words.en} ({left} day{'s' * (left > 1)} left); any change keeps it 30 days more.",
    )


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + DAY, time(), BEIJING)
