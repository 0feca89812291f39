"""What a process has sent to its connections, so that a look into the store shows what it missed.

Other processes' messages and receipts come through Redis, which may lose them.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import timedelta

from chat.live.writer import DEADLINE_SECONDS

LOST = timedelta(seconds=DEADLINE_SECONDS + 2)
"""After so long a message that another process stored and Redis did not bring is read from the store. Not earlier than
any write can end, nor closer than clocks agree."""

REMEMBERED = 100_000
RECEIPTS = 20_000


class SentMessages:
    """The ids of messages that this process has sent to its connections, the newest of them."""

    def __init__(self) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, ids: Iterable[str]) -> None:
        """These were sent."""
        with self._lock:
            self._ids.update(dict.fromkeys(ids))
            while len(self._ids) > REMEMBERED:
                self._ids.popitem(last=False)

    def missing(self, ids: Iterable[str]) -> list[str]:
        """Those of the ids that were not sent."""
        with self._lock:
            return [message for message in ids if message not in self._ids]

    def forget_before(self, until: str) -> None:
        """Forget the ids below `until`: they are not asked for again."""
        with self._lock:
            for message in [message for message in self._ids if message < until]:
                del self._ids[message]


class SentReceipts:
    """How far each member has seen, as this process has sent it, the newest of them. Receipts only rise, so that one
    sent twice does no harm."""

    def __init__(self) -> None:
        self._sent: OrderedDict[tuple[str, str], tuple[int, int]] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, conversation: str, member: str, seen: Mapping[str, int]) -> None:
        """This one was sent: {delivered_seq, read_seq}."""
        with self._lock:
            self._sent[conversation, member] = seen["delivered_seq"], seen["read_seq"]
            self._sent.move_to_end((conversation, member))
            while len(self._sent) > RECEIPTS:
                self._sent.popitem(last=False)

    def is_missing(self, conversation: str, member: str, seen: Mapping[str, int]) -> bool:
        """Whether a member has seen more than was sent."""
        with self._lock:
            delivered, read = self._sent.get((conversation, member), (0, 0))
        return seen["delivered_seq"] > delivered or seen["read_seq"] > read
