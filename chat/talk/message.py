"""Messages as they are written, before they have a number: personal numbers masked, the original sealed."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from chat.ports import Document, Ports
from chat.talk import masking
from chat.talk.conversation import SYSTEM, Conversation, Move, Person, Post, timed_id


class Rows:
    """Makes the documents of messages."""

    def __init__(self, ports: Ports, now: Callable[[], datetime]) -> None:
        self._ports, self._now = ports, now

    def event(self, found: Conversation, type: str, now: datetime) -> Document:
        """What happened in the talk, as a message of its stream."""
        return self.of_move(Move(found, type), now)

    def of_move(self, move: Move, now: datetime) -> Document:
        """The event of a move."""
        why = {"because": move.because} if move.because else {}
        event = {"type": move.event, **why, **move.after.facts, **move.told}
        return self.message(move.after, SYSTEM, Post(str(uuid4()), "event", {"event": event}), now)

    def message(self, found: Conversation, sender: Person, post: Post, now: datetime) -> Document:
        """A message without its number. A citizen's name stays with the citizen; personal numbers are masked."""
        name, message_id = sender.name if sender.is_staff else "", timed_id(now)
        return {
            "_id": message_id,
            "v": 1,
            "conversation": found.id,
            "stream": post.stream,
            "client_id": post.client_id,
            "kind": post.kind,
            "sender": {"id": sender.id, "kind": sender.kind, "name": name},
            "at": now,
            **post.content,
            **self._masked(message_id, sender, post),
        }

    def _masked(self, message_id: str, sender: Person, post: Post) -> Document:
        """The text without personal numbers and the sealed original, where there are some."""
        text = post.content.get("text")
        tests = masking.OF_OTHERS if sender.is_staff and post.stream == "public" else masking.PERSONAL
        masked = masking.mask(text, tests) if text else text
        if masked == text:
            return {}
        sealed = self._ports.seal(message_id, "sealed", text or "")
        return {"text": masked, "sealed": sealed, "sealed_until": self._now() + masking.KEPT}
