"""Search for words in messages: in one conversation, or in all that an officer has or took first."""

from collections.abc import Callable

from chat.live import views
from chat.live.reader_views import ReaderViews
from chat.ports import Document, RecordAct, Viewer
from chat.talk.access import check_serves, reads
from chat.talk.conversation import Conversation
from chat.talk.store import ConversationStore

MOST_SEARCHED = 500
"""How many of an officer's conversations are searched, the newest ones."""

Page = tuple[str | None, int]
"""The cursor of a list (None: from the start), and the most items of a page."""


class MessageSearch:
    """Searches public messages, newest first. `opened(actor, conversation)` authorises and records the reading."""

    def __init__(
        self,
        store: ConversationStore,
        *,
        reader_views: ReaderViews,
        opened: Callable[[Viewer, str], Conversation],
        record: RecordAct,
    ) -> None:
        self._store, self._views, self._opened, self._record = store, reader_views, opened, record

    def in_conversation(self, actor: Viewer, conversation_id: str, words: str, page: Page) -> Document:
        """The messages of one conversation that hold these words."""
        conversation = self._opened(actor, conversation_id)
        return self._page(actor, [conversation.id], words, page)

    def of_officer(self, actor: Viewer, words: str, page: Page) -> Document:
        """The messages that hold these words, in the last 500 conversations that an officer has or took first."""
        check_serves(actor)
        matches = self._page(actor, self._store.last_of_officer(actor.id, MOST_SEARCHED), words, page)
        self._record(actor.id, "read_list", "list:messages", detail="own, by words", count=len(matches["items"]))
        return matches

    def _page(self, actor: Viewer, conversations: list[str], words: str, page: Page) -> Document:
        cursor, limit = page
        rows = self._store.search(conversations, words, cursor, limit + 1)
        items = [view for row in rows[:limit] for view in self._readable(row, actor)]
        return views.page(items, len(rows) > limit)

    def _readable(self, row: Document, actor: Viewer) -> list[Document]:
        conversation = self._store.conversation(row["conversation"])
        readable = conversation is not None and reads(conversation, actor)
        return self._views.messages([row], conversation, actor) if conversation and readable else []
