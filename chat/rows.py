"""Messages as they are written, before they have a number: personal numbers masked, the original sealed."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from chat import privacy
from chat.conversation import SYSTEM, Conversation, Person, Post, timed_id
from chat.ports import Document, Ports


class Rows:
    """Makes the documents of messages."""

    def __init__(self, ports: Ports, now: Callable[[], datetime]) -> None:
        self._ports, self._now = ports, now

    def event(self, found: Conversation, type: str, now: datetime, because: str | None = None) -> Document:
        """What happened in the talk, as a message of its stream."""
        why = {"because": because} if because else {}
        event = Post(str(uuid4()), "event", {"event": {"type": type, **why, **found.facts}})
        return self.message(found, SYSTEM, event, now)

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
        tests = privacy.OF_OTHERS if sender.is_staff and post.stream == "public" else privacy.PERSONAL
        masked = privacy.mask(text, tests) if text else text
        if masked == text:
            return {}
        sealed = self._ports.seal(message_id, "sealed", text or "")
        return {"text": masked, "sealed": sealed, "sealed_until": self._now() + privacy.KEPT}
