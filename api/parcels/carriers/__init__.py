"""Carriers behind one port: 快递100 for the real ones, a console carrier that simulates them in a trial."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from api.parcels.parcel import TrackingEvent


@dataclass(frozen=True)
class Watched:
    """A parcel to be tracked. `secret` (in the callback address) and `salt` (of signatures) are this shipment's own."""

    carrier: str
    number: str
    secret: str
    salt: str
    phone: str


@dataclass(frozen=True)
class Pushed:
    """The content of a push: the state of the subscription (`monitor`), and the tracking events, in any order."""

    monitor: str
    events: Sequence[TrackingEvent]


class Tracker(Protocol):
    """A provider of tracking events."""

    def watch(self, parcel: Watched) -> None:
        """Subscribe to the events of this parcel. Raises TrackerFailed if that failed and should be retried."""

    def read_push(self, parcel: Watched, param: str, sign: str, now: datetime) -> Pushed:
        """Verify and parse a push. Raises SignatureBad, or ValueError if it cannot be parsed."""


class TrackerFailed(Exception):
    """The tracker did not take the subscription."""
