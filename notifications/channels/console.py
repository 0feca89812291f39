"""SMS of the pocket size: each message is a line on standard output, in full, since log-in codes are read there."""

from collections import deque
from datetime import datetime
from typing import Protocol

from notifications.channels import Message, Report
from notifications.notice import mask

REMEMBERED = 200


class Stream(Protocol):
    """A text stream, such as standard output."""

    def write(self, line: str, /) -> object: ...

    def flush(self) -> object: ...


class ConsoleSms:
    """The channel that writes to a stream: what is written counts as delivered, and there are no callbacks."""

    provider = "console"
    outward = True

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._written: deque[str] = deque(maxlen=REMEMBERED)

    def submit(self, message: Message) -> Report:
        """Write `SMS to 138****1234: …`."""
        self._stream.write(f"SMS to {mask(message.address)}: {message.sms}\n")
        self._stream.flush()
        self._written.append(message.delivery)
        return _report(message.delivery)

    def find(self, message: Message, since: datetime) -> list[Report]:
        """One report `delivered` if it is among the last 200 that this process wrote, else none."""
        return [_report(message.delivery)] if message.delivery in self._written else []


def _report(delivery: str) -> Report:
    return Report("delivered", ref=f"console:{delivery}")
