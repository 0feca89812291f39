"""From talk to deed: a talk is tied to a case, and what was sent in it is taken over elsewhere."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from chat.ports import Document, Ports, Viewer
from chat.refusals import CaseNotFound, NotFound
from chat.talk import conversation as rules
from chat.talk.conversation import Conversation, Decide, Person
from chat.talk.store import ChatStore

MOST_TALKS = 50
"""Talks that the timeline of a case names, newest first."""


class Act(Protocol):
    """Move a conversation; it as the actor sees it now."""

    def __call__(self, actor: Viewer, conversation_id: str, decide: Decide, version: int | None = None) -> Document: ...


class Deeds:
    """What the rooms of cases, drafts and files ask of talks, and the tie between a talk and a case."""

    def __init__(
        self,
        store: ChatStore,
        ports: Ports,
        *,
        act: Act,
        by_itself: Callable[[str, Decide], Conversation],
        readable: Callable[[Viewer, str], Conversation],
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._ports, self._now = store, ports, now
        self._act, self._by_itself, self._readable = act, by_itself, readable

    # -- a case ----------------------------------------------------------------

    def tie(self, actor: Viewer, conversation_id: str, case: str, version: int | None = None) -> Document:
        """Its citizen or its officer ties it to a case that both may see. Again: nothing. Raises CaseNotFound."""
        found = self._readable(actor, conversation_id)
        if not all(self._ports.card("case", case, one) for one in (actor, found.citizen)):
            raise CaseNotFound
        now = self._now()
        return self._act(actor, conversation_id, lambda one: rules.tied_to(one, actor, case, now), version)

    def follow_draft(self, conversation_id: str, case: str) -> None:
        """A draft begun in a talk became a case: the talk is tied to it, unless it is about another. Again: nothing."""
        now = self._now()
        try:
            self._by_itself(
                conversation_id, lambda one: None if one.case else rules.tied_to(one, rules.SYSTEM, case, now)
            )
        except NotFound:
            return  # the talk is gone by now

    def of_case(self, case: str, viewer: Viewer) -> list[Document]:
        """What the timeline of a case says of its talks, for who may see the case.

        [{event: opened | tied | closed, at, by: {kind, name}, talk}]. A citizen is told of their own talks alone; staff
        of all, but `talk`, the way in, is None where they may not read it.
        """
        talks = [one for one in self._store.of_case(case, MOST_TALKS) if viewer.is_staff or rules.reads(one, viewer)]
        return [{**line, "talk": one.id if rules.reads(one, viewer) else None} for one in talks for line in _lines(one)]

    # -- a draft ---------------------------------------------------------------

    def is_of(self, actor: Viewer, conversation_id: str) -> bool:
        """Whether a conversation is this citizen's own."""
        found = self._store.conversation(conversation_id)
        return found is not None and found.citizen.id == actor.id

    def sent_file(self, actor: Viewer, conversation_id: str, seq: int) -> str | None:
        """The upload that somebody sent with a message of theirs; None where it holds none. Raises NotFound."""
        found = self._readable(actor, conversation_id)
        row = self._store.message(found.id, "public", seq)
        if row is None or row["sender"]["id"] != actor.id:
            raise NotFound
        file = row.get("file")
        return str(file["id"]) if file else None

    def shares_card(self, actor: Viewer, type: str, ref: str) -> bool:
        """Whether a citizen sent this card in a talk that somebody may read: by that they let them see it."""
        return any(rules.reads(one, actor) for one in self._store.conversations_with_card(type, ref))


def _lines(found: Conversation) -> list[Document]:
    begun = ("tied", found.tied.at, found.tied.by) if found.tied else ("opened", found.created_at, found.citizen)
    lines = [begun]
    if found.closed:
        officer = found.officer or found.owner
        name = officer.name if officer and found.closed.by == "staff" else ""
        lines.append(("closed", found.closed.at, Person("", found.closed.by, name)))
    return [{"event": event, "at": at, "by": {"kind": by.kind, "name": by.name}} for event, at, by in lines]
