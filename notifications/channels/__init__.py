"""The port of delivery channels: what is handed to a provider, and what a provider reports of it.

A channel hands over one message (`submit`), looks up what became of one whose answer was lost (`find`), and, if
its provider calls back, checks the signature (`genuine`) and reads the call (`heard`). It speaks to no store.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Message:
    """What is handed over. Providers with registered templates have an id of their own for each `template`, `version`
    and `language`, and take the `values`; the others use the finished words: `sms`, or `title` and `text`. `delivery`
    is our reference for this try.
    """

    delivery: str
    notice: str
    recipient: str
    address: str
    template: str
    version: int
    language: str
    values: Mapping[str, str]
    sms: str
    title: str
    text: str
    link: str | None
    good_for: timedelta


class Remedy(Enum):
    """What to do about a fault."""

    AGAIN = "again"
    """Not taken or not delivered, and likely to pass: send again after a pause."""
    LOOK = "look"
    """It is unknown whether it was taken: look before sending again."""
    NEVER = "never"
    """Not to this address, or not in these words."""
    STOP = "stop"
    """Our account is at fault: nothing gets through until somebody mends it."""


@dataclass(frozen=True)
class Fault:
    """A class of errors. `most` is how many more deliveries may follow one that ended with it."""

    remedy: Remedy
    pause: timedelta = timedelta(0)
    most: int = 0


@dataclass(frozen=True)
class Report:
    """What is known of one message: a state of notice.py, the provider's reference, and its error code."""

    state: str
    ref: str | None = None
    error: str | None = None
    fault: Fault | None = None


@dataclass(frozen=True)
class Call:
    """A callback as it came in: path and query as they were sent, the form, and the signature."""

    target: str
    form: Mapping[str, str] = field(default_factory=dict)
    signature: str = ""


class Channel(Protocol):
    """One way to a recipient."""

    @property
    def provider(self) -> str:
        """The name of who carries it, such as `twilio`."""

    @property
    def outward(self) -> bool:
        """Whether it leaves the office, and so needs an address."""

    def submit(self, message: Message) -> Report:
        """Hand it over; the report's state is `accepted`, `sent` or `delivered`; `queued` if it was certainly not taken
        but may be later; `unknown` if only a look can tell; `failed` if it is of no use. Errors are reported, not
        raised."""

    def find(self, message: Message, since: datetime) -> list[Report]:
        """What the provider has of this message's words and address since then, newest first. Raises LookFailed if it
        does not answer."""


@runtime_checkable
class Callbacks(Protocol):
    """A channel whose provider calls back."""

    @property
    def keeps(self) -> tuple[str, ...]:
        """The fields of a call that are kept: no personal data among them."""

    def genuine(self, call: Call) -> bool:
        """Whether the provider itself signed this."""

    def heard(self, form: Mapping[str, str]) -> Report | None:
        """The report in the kept fields of a call, or None if they are not about a message of ours."""


class LookFailed(Exception):
    """The provider's list could not be read, so the outcome stays unknown."""
