"""The order of one sender's posts on one connection: none overtakes an earlier one that has no durable answer.

A client may send on without waiting for acknowledgements. A post has a durable answer if it is stored, or refused for
good; it has none if it ended as unavailable, too often or the like, since it is then sent again.
"""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from chat.refusals import EarlierUnknown, Refusal

MOST_CONVERSATIONS = 50
MOST_HELD = 200
LONGEST_ID = 100
LOOK_SECONDS = 1.0
"""How long after a look for an earlier post the next is made: a client may send much while the store is away."""

Answer = TypeVar("Answer")
IsStored = Callable[[str, str], bool]
"""(conversation, client id) -> whether this sender's post is stored by now."""


class SenderOrder:
    """The posts of one connection that must be sent again, by conversation, in the order in which they came first.

    While a conversation has any, only the first of them is taken; every other post in it is refused as EarlierUnknown,
    and waits behind them.
    """

    def __init__(self) -> None:
        self._held: dict[str, list[str]] = {}
        self._looked_at = float("-inf")

    def take(self, body: Any, is_stored: IsStored, act: Callable[[], Answer]) -> Answer:
        """Do `act`, which takes the post `body`, and give its answer.

        Raises what it raises; EarlierUnknown, without doing it, if an earlier post must come first.
        """
        place = _place_of(body)
        if place is None:  # it will be refused for good
            return act()
        if self._held:
            self._check(*place, is_stored)
        try:
            answer = act()
        except Exception as error:
            if isinstance(error, Refusal) and not error.passing:
                self._settle(*place)
            else:
                self._hold(*place)
            raise
        if self._held:
            self._settle(*place)
        return answer

    def _check(self, conversation: str, client_id: str, is_stored: IsStored) -> None:
        if conversation not in self._held and len(self._held) >= MOST_CONVERSATIONS:
            raise EarlierUnknown(next(iter(self._held.values()))[0])
        while (first := self._first(conversation)) is not None and first != client_id:
            if not self._is_stored_by_now(conversation, first, is_stored):
                self._hold(conversation, client_id)
                raise EarlierUnknown(first)
            self._settle(conversation, first)

    def _is_stored_by_now(self, conversation: str, client_id: str, is_stored: IsStored) -> bool:
        """Whether another connection sent it, or the store carried it out late; False too if it was just looked for."""
        if time.monotonic() - self._looked_at < LOOK_SECONDS:
            return False
        if is_stored(conversation, client_id):
            return True
        self._looked_at = time.monotonic()
        return False

    def _first(self, conversation: str) -> str | None:
        return next(iter(self._held.get(conversation, ())), None)

    def _hold(self, conversation: str, client_id: str) -> None:
        held = self._held.setdefault(conversation, [])
        if client_id not in held and len(held) < MOST_HELD:
            held.append(client_id)

    def _settle(self, conversation: str, client_id: str) -> None:
        held = self._held.get(conversation, [])
        if client_id in held:
            held.remove(client_id)
        if not held:
            self._held.pop(conversation, None)


def _place_of(body: Any) -> tuple[str, str] | None:
    """The conversation and client id of a post; None if it names none that could be valid."""
    names = (body.get("conversation"), body.get("client_id")) if isinstance(body, dict) else (None, None)
    conversation, client_id = (
        name if isinstance(name, str) and name.isascii() and len(name) <= LONGEST_ID else None for name in names
    )
    return (conversation, client_id) if conversation and client_id else None
