"""Search for words in messages: in one conversation, or in all that an officer has or took first.

Messages are sealed, so the store cannot search them: they are opened, newest first, a bounded number for one page. A
page may thus hold fewer than asked for, even none, and still have a `next`.
"""

import unicodedata
from collections.abc import Callable, Iterator, Sequence

from chat.live.reader_views import ReaderViews
from chat.ports import Document, Viewer
from chat.refusals import BadCursor
from chat.talk.access import check_serves, reads
from chat.talk.conversation import Conversation
from chat.talk.store import ConversationStore

MOST_SEARCHED = 500
"""How many of an officer's conversations are searched, the newest ones."""

MOST_OPENED = 2_000
"""How many messages are opened for one page."""

MOST_ENTERED = 100
"""How many conversations are entered for one page."""

AT_ONCE = 200

Page = tuple[str | None, int]
"""The cursor of a list (None: from the start), and the most items of a page."""

Position = tuple[str, int]
"""Where a search stands: in a conversation, before a number of its public stream."""


class MessageSearch:
    """Searches public messages: the newest conversation first, in each the newest message.

    `opened(actor, conversation)` authorises and records the reading.
    """

    def __init__(
        self,
        store: ConversationStore,
        *,
        reader_views: ReaderViews,
        opened: Callable[[Viewer, str], Conversation],
    ) -> None:
        self._store, self._views, self._opened = store, reader_views, opened

    def in_conversation(self, actor: Viewer, conversation_id: str, words: str, page: Page) -> Document:
        """The messages of one conversation that hold these words. Raises BadCursor."""
        conversation = self._opened(actor, conversation_id)
        return self._page(actor, [conversation.id], words, page)

    def of_officer(self, actor: Viewer, words: str, page: Page) -> Document:
        """The messages that hold these words, in the last 500 conversations that an officer has or took first.

        Raises BadCursor.
        """
        check_serves(actor)
        return self._page(actor, self._store.last_of_officer(actor.id, MOST_SEARCHED), words, page)

    def _page(self, actor: Viewer, conversations: Sequence[str], words: str, page: Page) -> Document:
        cursor, limit = page
        items: list[Document] = []
        reached: Position | None = None
        for position, view in self._matches(actor, conversations, folded(words), _position(cursor)):
            if view is None or len(items) == limit:
                return {"items": items, "next": _cursor(reached if view else position)}
            items.append(view)
            reached = position
        return {"items": items, "next": None}

    def _matches(
        self, actor: Viewer, conversations: Sequence[str], words: str, start: Position | None
    ) -> Iterator[tuple[Position, Document | None]]:
        """The matching messages from a position on, each with the position after it; at last the position at which the
        bound of one page was reached, with None."""
        opened = entered = 0
        for conversation_id in conversations:
            if start and conversation_id > start[0]:
                continue
            conversation = self._store.conversation(conversation_id)
            if conversation is None or not reads(conversation, actor):
                continue
            entered += 1
            here = start and start[0] == conversation_id
            before = start[1] if start and here else self._store.last(conversation_id, "public") + 1
            while before > 1:
                if opened >= MOST_OPENED or entered > MOST_ENTERED:
                    yield (conversation_id, before), None
                    return
                rows = self._store.page_before(conversation_id, before, AT_ONCE)
                opened += len(rows)
                for row in rows:
                    if words in folded(row.get("text", "")):
                        [view] = self._views.messages([row], conversation, actor)
                        yield (conversation_id, row["seq"]), view
                before -= AT_ONCE


def folded(text: str) -> str:
    """A text as it is compared: full-width and half-width, capital and small letters are the same."""
    return unicodedata.normalize("NFKC", text).casefold()


def _cursor(position: Position | None) -> str | None:
    return f"{position[0]}:{position[1]}" if position else None


def _position(cursor: str | None) -> Position | None:
    if cursor is None:
        return None
    conversation, _, before = cursor.partition(":")
    if not (conversation and before.isascii() and before.isdigit() and len(before) < 19):
        raise BadCursor
    return conversation, int(before)
