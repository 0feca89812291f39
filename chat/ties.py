"""Ties of conversations to cases, drafts and files, for the rooms that hold these."""

from collections.abc import Callable
from datetime import datetime

from chat.live.memory import Memory
from chat.live.reader_views import ReaderViews
from chat.moves import Moves
from chat.ports import Document, Ports, Viewer
from chat.refusals import CaseNotFound, NotFound
from chat.talk.access import reads
from chat.talk.conversation import SYSTEM, Conversation, Participant, Transition
from chat.talk.store import ConversationStore
from chat.talk.transitions import tied_to

MOST_CONVERSATIONS = 50
"""The most conversations that the timeline of a case names, the newest."""


class Ties:
    """The tie between a conversation and its case, and what was sent in a conversation."""

    def __init__(
        self,
        store: ConversationStore,
        ports: Ports,
        *,
        moves: Moves,
        memory: Memory,
        views: ReaderViews,
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._ports, self._now = store, ports, now
        self._moves, self._memory, self._views = moves, memory, views

    # -- cases -----------------------------------------------------------------

    def tie(self, actor: Viewer, conversation_id: str, case: str, version: int | None = None) -> Document:
        """Its citizen or its officer ties it to a case that both may see; idempotent. Raises CaseNotFound,
        CaseNumberSlip."""
        conversation = self._memory.readable(actor, conversation_id)
        cards = [self._ports.card_of("case", case, viewer) for viewer in (actor, conversation.citizen)]
        if not all(cards):
            raise CaseNotFound
        number, now = str(cards[0] and cards[0]["ref"]), self._now()
        after = self._moves.move(actor, conversation_id, lambda newest: tied_to(newest, actor, number, now), version)
        return self._views.conversation(self._memory.newest(after), actor)

    def follow_draft(self, conversation_id: str, case: str) -> None:
        """Tie the conversation in which a draft was begun to the case it became, unless it has one; idempotent."""
        now = self._now()

        def decide(conversation: Conversation) -> Transition | None:
            return None if conversation.case else tied_to(conversation, SYSTEM, case, now)

        try:
            self._moves.move_by_system(conversation_id, decide)
        except NotFound:
            return

    def of_case(self, case: str, viewer: Viewer) -> list[Document]:
        """The lines about conversations in the timeline of a case, for somebody who may see the case.

        [{event: opened | tied | closed, at, by: {kind, name}, talk}], of the newest 50 conversations. Citizens get the
        lines of their own conversations alone; staff all, with `talk` (the conversation's id) None if they may not
        read it.
        """
        conversations = self._store.of_case(case, MOST_CONVERSATIONS)
        return [
            {**line, "talk": conversation.id if reads(conversation, viewer) else None}
            for conversation in conversations
            if viewer.is_staff or reads(conversation, viewer)
            for line in _timeline(conversation)
        ]

    # -- drafts ----------------------------------------------------------------

    def is_of(self, actor: Viewer, conversation_id: str) -> bool:
        """Whether a conversation is this citizen's own."""
        conversation = self._store.conversation(conversation_id)
        return conversation is not None and conversation.citizen.id == actor.id

    def sent_file(self, actor: Viewer, conversation_id: str, seq: int) -> str | None:
        """The upload sent with a message of this actor; None if it holds none. Raises NotFound."""
        conversation = self._memory.readable(actor, conversation_id)
        row = self._store.message(conversation.id, "public", seq)
        if row is None or row["sender"]["id"] != actor.id:
            raise NotFound
        file = row.get("file")
        return str(file["id"]) if file else None

    def shares_card(self, actor: Viewer, type: str, ref: str) -> bool:
        """Whether a citizen sent this card in a conversation that the actor may read, which lets the actor see it."""
        return any(reads(conversation, actor) for conversation in self._store.with_card(type, ref))

    # -- files -----------------------------------------------------------------

    def shares_file(self, actor: Viewer, upload: str) -> bool:
        """Whether an upload was sent in a conversation that the actor may read."""
        return any(reads(conversation, actor) for conversation in self._store.with_file(upload))

    def uses_file(self, upload: str) -> bool:
        """Whether an upload was sent in any conversation."""
        return bool(self._store.with_file(upload))


def _timeline(conversation: Conversation) -> list[Document]:
    tied = conversation.tied
    begun = ("tied", tied.at, tied.by) if tied else ("opened", conversation.created_at, conversation.citizen)
    lines = [begun]
    if conversation.closed:
        officer = conversation.officer or conversation.owner
        name = officer.name if officer and conversation.closed.by == "staff" else ""
        lines.append(("closed", conversation.closed.at, Participant("", conversation.closed.by, name)))
    return [{"event": event, "at": at, "by": {"kind": by.kind, "name": by.name}} for event, at, by in lines]
