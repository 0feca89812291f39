"""New messages as documents, before they are numbered: personal numbers masked, the original sealed."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from chat.ports import Document, Ports, Viewer
from chat.refusals import BadFields
from chat.talk import masking
from chat.talk.conversation import SYSTEM, Conversation, Participant, Transition
from chat.talk.ids import timed_id
from chat.talk.message_kinds import Post
from chat.talk.sealing import VERSION


class MessageFactory:
    """Makes the documents of messages."""

    def __init__(self, ports: Ports, now: Callable[[], datetime]) -> None:
        self._ports, self._now = ports, now

    def resolved(self, post: Post, conversation: Conversation, actor: Viewer) -> Post:
        """The post with its file looked up, and its card checked to be visible for both sides. Raises BadFields,
        CaseNumberSlip."""
        if "file" in post.content:
            file = self._ports.file(post.content["file"], actor)
            if file is None:
                raise BadFields({"file": ["没有找到这个文件，请重新上传。"]})
            brief = {name: file[name] for name in ("id", "name", "type", "size")}
            return Post(post.client_id, post.kind, {"file": brief})
        card = post.content.get("card")
        sides = (actor, conversation.citizen)
        if card and not all(self._ports.card_of(card["type"], card["ref"], viewer) for viewer in sides):
            raise BadFields({"card": ["没有找到，或者对方不能查看，请换一个。"]})
        return post

    def event(self, conversation: Conversation, type: str, now: datetime) -> Document:
        """An event of the conversation, as a message of its public stream."""
        return self.of_transition(Transition(conversation, type), now)

    def of_transition(self, transition: Transition, now: datetime) -> Document:
        """The event of a transition."""
        because = {"because": transition.because} if transition.because else {}
        event = {"type": transition.event, **because, **transition.after.facts, **transition.details}
        return self.message(transition.after, SYSTEM, Post(str(uuid4()), "event", {"event": event}), now)

    def message(self, conversation: Conversation, sender: Participant, post: Post, now: datetime) -> Document:
        """A message without its number. A citizen's name is not stored; personal numbers are masked."""
        name, message_id = sender.name if sender.is_staff else "", timed_id(now)
        return {
            "_id": message_id,
            "v": VERSION,
            "conversation": conversation.id,
            "stream": post.stream,
            "client_id": post.client_id,
            "kind": post.kind,
            "sender": {"id": sender.id, "kind": sender.kind, "name": name},
            "at": now,
            **post.content,
            **self._masked(message_id, sender, post),
        }

    def _masked(self, message_id: str, sender: Participant, post: Post) -> Document:
        """The masked text and the sealed original; empty if the text holds no personal numbers. Of a place the name is
        masked, without an original."""
        if "location" in post.content:
            place = post.content["location"]
            return {"location": {**place, "name": masking.mask(place["name"])}}
        text = post.content.get("text")
        tests = masking.tests_of(sender) if post.stream == "public" else masking.PERSONAL
        masked = masking.mask(text, tests) if text else text
        if masked == text:
            return {}
        sealed = self._ports.seal(message_id, "sealed", text or "")
        return {"text": masked, "sealed": sealed, "sealed_until": self._now() + masking.KEPT}
