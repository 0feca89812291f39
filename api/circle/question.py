"""The data of a question to the circle and of its answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, Protocol, get_args

from api.circle.point import Handling, Part, ServicePoint
from api.circle.travel.mode import Mode

When = Literal["arrival", "any"]
WHENS: tuple[When, ...] = get_args(When)
Basis = Literal["network", "estimate"]


class OpeningStatus(Protocol):
    """Whether a place is open at an instant, and when that changes (api/calendar/hours.py)."""

    @property
    def open(self) -> bool: ...
    @property
    def closes_at(self) -> datetime | None: ...
    @property
    def next_opens_at(self) -> datetime | None: ...
    @property
    def provisional(self) -> bool: ...
    @property
    def provisional_today(self) -> bool: ...


OpeningAt = Callable[[str, datetime], OpeningStatus]
"""(weekly hours, instant) -> the opening status of a place with these hours at that instant."""


class Bilingual(NamedTuple):
    """One sentence in Chinese and in English."""

    zh: str
    en: str


@dataclass(frozen=True)
class CircleQuestion:
    """A validated question: a WGS-84 position, `minutes` 1 to 60, `at` aware; at most `limit` points, None for all."""

    lon: float
    lat: float
    mode: Mode
    minutes: int
    at: datetime
    when: When = "arrival"
    matter: Handling | None = None
    limit: int | None = None


class Stop(NamedTuple):
    """A point of the answer: seconds of travel, straight-line distance in metres, its opening status on arrival."""

    point: ServicePoint
    seconds: float
    basis: Basis
    distance_m: float
    opening: OpeningStatus
    can: tuple[Part, ...]


@dataclass(frozen=True)
class Answer:
    """The points within the time limit (`inside`), nearest first; the recommended one (`best`) and the reason (`why`).

    `beyond` holds the nearest points outside, only if nothing is inside.
    """

    inside: tuple[Stop, ...]
    best: Stop | None
    why: Bilingual
    beyond: tuple[Stop, ...]
