"""The use cases of canned replies: search, fill for a conversation, create, change, delete."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from chat.live import views
from chat.live.memory import Memory
from chat.ports import Document, Ports, Viewer
from chat.refusals import BadCursor, BadFields, NotFound, VersionStale, WrongState
from chat.replies.reply import CannedReply, changed, ranked
from chat.replies.store import MOST_CANNED, ReplyStore
from chat.talk.access import check_serves
from chat.talk.conversation import Conversation

Page = tuple[str | None, int]
"""The cursor of a list (None: from the start), and the most items of a page."""


class Replies:
    """Canned replies of one's desk."""

    def __init__(self, store: ReplyStore, ports: Ports, *, memory: Memory, now: Callable[[], datetime]) -> None:
        self._store, self._ports, self._memory, self._now = store, ports, memory, now

    def search(self, actor: Viewer, query: str, conversation_id: str | None, page: Page) -> Document:
        """The replies of one's desk that match, those of the conversation's matter first, filled for it."""
        check_serves(actor)
        conversation = self._memory.readable(actor, conversation_id) if conversation_id else None
        matter = conversation.matter if conversation else None
        matching = ranked(self._store.of_desk(actor.point or ""), query, matter)
        ids = [reply.id for reply in matching]
        cursor, limit = page
        if cursor and cursor not in ids:
            raise BadCursor
        start = ids.index(cursor) + 1 if cursor else 0
        values = self._values(actor, conversation)
        items = [reply.as_json(values) for reply in matching[start : start + limit]]
        return views.page(items, len(matching) > start + limit)

    def get(self, actor: Viewer, reply_id: str) -> Document:
        """One reply of one's desk. Raises NotFound."""
        return self._of_own_desk(actor, reply_id).as_json({})

    def created(self, actor: Viewer, reply_id: str) -> Document | None:
        """A reply that an earlier request created for this actor's desk, or None."""
        reply = self._store.reply(reply_id)
        return reply.as_json({}) if reply and reply.desk == actor.point else None

    def create(self, actor: Viewer, new_id: str, body: Document) -> Document:
        """Create a reply for one's desk: {title, text, matter?}.

        Raises BadFields; WrongState if the actor is posted nowhere, or the desk has 500 replies.
        """
        check_serves(actor)
        empty = CannedReply(new_id, 0, actor.point or "", "", "", None, actor.id, self._now())
        reply = self._changed(actor, empty, body)
        if actor.point is None or self._store.count(actor.point) >= MOST_CANNED:
            raise WrongState
        self._store.keep(reply, 0)
        return reply.as_json({})

    def change(self, actor: Viewer, reply_id: str, body: Document, version: int) -> Document:
        """Change a reply of one's desk: {title?, text?, matter?}. Raises BadFields, NotFound, VersionStale."""
        changed_reply = self._changed(actor, self._of_own_desk(actor, reply_id), body)
        after = replace(changed_reply, version=version + 1)
        if not self._store.keep(after, version):
            raise VersionStale
        return after.as_json({})

    def delete(self, actor: Viewer, reply_id: str, version: int) -> None:
        """Delete a reply of one's desk. Raises NotFound, VersionStale."""
        self._of_own_desk(actor, reply_id)
        if not self._store.delete(reply_id, version):
            raise VersionStale

    def _of_own_desk(self, actor: Viewer, reply_id: str) -> CannedReply:
        check_serves(actor)
        reply = self._store.reply(reply_id)
        if reply is None or reply.desk != actor.point:
            raise NotFound
        return reply

    def _changed(self, actor: Viewer, before: CannedReply, body: Document) -> CannedReply:
        after = changed(before, body, actor.id, self._now())
        if after.matter is not None and self._ports.card("guide", after.matter, actor) is None:
            raise BadFields({"matter": ["没有找到，请重新选择。"]})
        return after

    def _values(self, actor: Viewer, conversation: Conversation | None) -> dict[str, str]:
        """The values of a reply's variables in a conversation."""
        if conversation is None:
            return {"officer": actor.name}
        guide = self._ports.card("guide", conversation.matter, actor) if conversation.matter else None
        matter = str((guide or {}).get("title") or (guide or {}).get("name") or "")
        citizen = self._ports.name_of(conversation.citizen.id)
        return {"officer": actor.name, "citizen": citizen, "case": conversation.case or "", "matter": matter}
