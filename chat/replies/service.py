"""The canned replies of a desk: looked for, filled for a talk, kept, changed, forgotten."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from chat.live import views
from chat.ports import Document, Ports, Viewer
from chat.refusals import BadCursor, BadFields, NotFound, VersionStale, WrongState
from chat.replies.reply import Canned, changed, ranked
from chat.talk.conversation import Conversation, check_serves
from chat.talk.store import MOST_CANNED, ChatStore

Page = tuple[str | None, int]
"""Where a list goes on, and how many at once."""


class Replies:
    """`readable(actor, conversation)` gives a conversation that an actor may read."""

    def __init__(
        self,
        store: ChatStore,
        ports: Ports,
        *,
        now: Callable[[], datetime],
        readable: Callable[[Viewer, str], Conversation],
    ) -> None:
        self._store, self._ports, self._now, self._readable = store, ports, now, readable

    def found(self, actor: Viewer, query: str, conversation_id: str | None, page: Page) -> Document:
        """The replies of one's desk that fit, those of the talk's matter first, filled with what is known of it."""
        check_serves(actor)
        found = self._readable(actor, conversation_id) if conversation_id else None
        fitting = ranked(self._store.canned_of(actor.point or ""), query, found.matter if found else None)
        ids = [one.id for one in fitting]
        cursor, limit = page
        if cursor and cursor not in ids:
            raise BadCursor
        start = ids.index(cursor) + 1 if cursor else 0
        known = self._known_of(actor, found)
        shown = [views.canned(one, known) for one in fitting[start : start + limit]]
        return views.page(shown, len(fitting) > start + limit)

    def one(self, actor: Viewer, reply_id: str) -> Document:
        """One reply of one's desk."""
        return views.canned(self._here(actor, reply_id), {})

    def made(self, actor: Viewer, reply_id: str) -> Document | None:
        """A reply that an earlier request made, or None."""
        found = self._store.canned(reply_id)
        return views.canned(found, {}) if found and found.desk == actor.point else None

    def make(self, actor: Viewer, new_id: str, body: Document) -> Document:
        """Keep a reply for one's desk: {title, text, matter?}."""
        check_serves(actor)
        empty = Canned(new_id, 0, actor.point or "", "", "", None, actor.id, self._now())
        made = self._changed(actor, empty, body)
        if actor.point is None or self._store.count_canned(actor.point) >= MOST_CANNED:
            raise WrongState
        self._store.keep_canned(made, 0)
        return views.canned(made, {})

    def change(self, actor: Viewer, reply_id: str, body: Document, version: int) -> Document:
        """Change a reply of one's desk: {title?, text?, matter?}."""
        after = self._changed(actor, self._here(actor, reply_id), body)
        if not self._store.keep_canned(replace(after, version=version + 1), version):
            raise VersionStale
        return views.canned(replace(after, version=version + 1), {})

    def drop(self, actor: Viewer, reply_id: str, version: int) -> None:
        """Forget a reply of one's desk."""
        self._here(actor, reply_id)
        if not self._store.drop_canned(reply_id, version):
            raise VersionStale

    def _here(self, actor: Viewer, reply_id: str) -> Canned:
        check_serves(actor)
        found = self._store.canned(reply_id)
        if found is None or found.desk != actor.point:
            raise NotFound
        return found

    def _changed(self, actor: Viewer, before: Canned, body: Document) -> Canned:
        after = changed(before, body, actor.id, self._now())
        if after.matter is not None and self._ports.card("guide", after.matter, actor) is None:
            raise BadFields({"matter": ["没有找到，请重新选择。"]})
        return after

    def _known_of(self, actor: Viewer, found: Conversation | None) -> dict[str, str]:
        """What the places of a reply stand for in a talk."""
        if found is None:
            return {"officer": actor.name}
        guide = self._ports.card("guide", found.matter, actor) if found.matter else None
        matter = str((guide or {}).get("title") or (guide or {}).get("name") or "")
        citizen = self._ports.name_of(found.citizen.id)
        return {"officer": actor.name, "citizen": citizen, "case": found.case or "", "matter": matter}
