"""Carriers behind one port: 快递100 for the real ones, a console carrier that plays events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from api.parcels.parcel import TrackingEvent


@dataclass(frozen=True)
class Watched:
    """A parcel to be told about. `secret` and `salt` are this shipment's own; `phone` where the carrier needs it."""

    carrier: str
    number: str
    secret: str
    salt: str
    phone: str


@dataclass(frozen=True)
class Pushed:
    """What one push says: the monitor's state and the events it lists, in any order."""

    monitor: str
    events: Sequence[TrackingEvent]


class Tracker(Protocol):
    """Whoever tells us where parcels are."""

    def watch(self, parcel: Watched) -> None:
        """Ask to be told of this parcel. Raises TrackerFailed where it did not work and should be tried again."""

    def read_push(self, parcel: Watched, param: str, sign: str, now: datetime) -> Pushed:
        """What a push says. Raises SignatureBad, or ValueError where it cannot be read."""


class TrackerFailed(Exception):
    """The tracker did not take the subscription."""
