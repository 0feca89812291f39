"""The use cases of asking, reading and posting, the same for HTTP and for the socket; assembles the parts of the chat.

The other use cases are parts of it: `handling`, `officers`, `promises`, `ties`, `blocks`, `replies`, `search`.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import uuid4

from chat import limits
from chat.away.away import Away
from chat.away.store import AwayStore
from chat.blocks.in_force import BlocksInForce
from chat.blocks.service import Blocks
from chat.blocks.store import BlockStore
from chat.desk import routing
from chat.desk.officers import OfficerPresence
from chat.desk.promises import Promises
from chat.desk.queue import Queues
from chat.desk.rounds import Rounds
from chat.desk.store import DeskStore
from chat.handling import ConversationHandling
from chat.limits import RateBuckets
from chat.live import views
from chat.live.broadcast import Broadcast
from chat.live.hints import Hints
from chat.live.memory import Memory
from chat.live.reader_views import ReaderViews
from chat.live.writer import MessageWriter
from chat.moves import Moves
from chat.ports import Document, Ports, Transcript, Viewer
from chat.refusals import BadCursor, BadFields, NotFound, Refusal
from chat.replies.service import Replies
from chat.replies.store import ReplyStore
from chat.retention.retention import KEPT, Retention
from chat.retention.store import RetentionStore
from chat.search import MessageSearch
from chat.talk import access
from chat.talk.conversation import Conversation, Participant
from chat.talk.message import MessageFactory
from chat.talk.message_kinds import Post, read_post, read_text
from chat.talk.sealing import Sealing
from chat.talk.store import ChatDatabase, ConversationStore, Unsettled
from chat.ties import Ties
from chat.transcript import MOST as MOST_PRINTED
from chat.transcript import transcript_of

MOST_MESSAGES = 200
MOST_CONVERSATIONS = 50


class Chat:
    """The use cases of the live consultation, and its parts as attributes. Methods raise the refusals of
    chat.refusals."""

    def __init__(
        self,
        database: ChatDatabase,
        *,
        ports: Ports,
        now: Callable[[], datetime],
        posts_a_minute: int = limits.POSTS_A_MINUTE,
        kept: timedelta = KEPT,
    ) -> None:
        self._ports, self._now = ports, now
        sealing = Sealing(ports.seal, ports.open_sealed)
        self._store = store = ConversationStore(database, sealing)
        self._desks = desks = DeskStore(database, sealing)
        self._queues = queues = Queues()
        self._messages = messages = MessageFactory(ports, now)
        self._memory = memory = Memory(store)
        block_store = BlockStore(database, sealing)
        in_force = BlocksInForce(block_store, now)
        self._views = reader_views = ReaderViews(store, desks, ports, queues=queues, blocked=in_force.summary, now=now)
        self._broadcast = broadcast = Broadcast(store, desks, views=reader_views, queues=queues, now=now)
        self.begin_catching_up, self.heard_receipt = broadcast.begin_catching_up, broadcast.heard_receipt
        self.tell_queues = broadcast.tell_queues
        self._writer = writer = MessageWriter(store, committed=broadcast.committed)
        self.promises = promises = Promises(desks, store, ports, now=now)
        self._moves = moves = Moves(
            store,
            desks,
            ports,
            messages=messages,
            memory=memory,
            writer=writer,
            broadcast=broadcast,
            promises=promises,
            now=now,
        )
        self.officers = officers = OfficerPresence(desks, assigning=moves.assigning, now=now)
        self.handling = ConversationHandling(
            desks, ports, moves=moves, memory=memory, views=reader_views, officers=officers, blocks=in_force, now=now
        )
        self.ties = Ties(store, ports, moves=moves, memory=memory, views=reader_views, now=now)
        self.blocks = Blocks(block_store, ports, in_force=in_force, moves=moves, memory=memory, now=now)
        self.replies = Replies(ReplyStore(database), ports, memory=memory, now=now)
        self.search = MessageSearch(store, reader_views=reader_views, opened=self._opened, record=ports.record)
        self.retention = Retention(RetentionStore(database, sealing), store, case_kept=ports.case_kept, kept=kept)
        self.posts = RateBuckets(limits.posts(posts_a_minute))
        self.events = RateBuckets(limits.events(posts_a_minute))
        self._away, self._rounds = Away(AwayStore(database), store, ports), self._all_rounds()

    def _all_rounds(self) -> Rounds:
        slow_checks = (
            self.promises.settle_due,
            self.retention.forget_originals,
            self.blocks.forget_old,
            self.retention.run,
        )
        return Rounds(
            self._desks,
            self._store,
            self._ports,
            move=self._moves.move_by_system,
            assign=self._moves.assigning.assign_waiting,
            slow_checks=slow_checks,
        )

    # -- the process -------------------------------------------------------------

    @property
    def live(self) -> Hints:
        """The events that connected people receive."""
        return self._broadcast.hints

    def share(self) -> None:
        """Turn on what several processes need: short caches, and `catch_up` for what Redis loses."""
        self._memory.share()
        self._broadcast.share()

    def heard_messages(self, messages: Iterable[Document]) -> None:
        """Note messages (JSON) that another process broadcast: number after them, and do not send them again."""
        rows = list(messages)
        self._writer.number_after(rows)
        for moved in {row["conversation"] for row in rows if row["kind"] == "event"}:
            self._memory.forget(moved)
        self._broadcast.heard_messages(rows)

    def catch_up(self) -> int:
        """Send this process's connections what others stored and Redis lost; gives how many messages that were."""
        missed = self._broadcast.catch_up()
        self._writer.number_after(missed)
        return len(missed)

    def moved_elsewhere(self, conversation_id: str) -> Conversation | None:
        """Read a conversation that another process changed from the store into the cache; None if it is deleted."""
        conversation = self._store.conversation(conversation_id)
        if conversation:
            self._memory.remember(conversation)
        return conversation

    def step(self, now: datetime) -> bool:
        """Run the rounds that are due, and leave notices for members who have not seen a message for 10 s.

        Gives whether there were messages to search. Neither is done if another process holds the lease of the search.
        """
        search = self._away.claim_search(now)
        self._broadcast.tell_queues()
        if search is None:
            return False
        self._rounds.run(now)
        return self._away.notify(search, now)

    def close(self) -> None:
        """End the checks of connections, store what was posted, end the writer's thread: no thread needs the store."""
        self.live.end()
        self._writer.close()

    # -- opening and reading ---------------------------------------------------

    def open(self, actor: Viewer, new_id: str, body: Document) -> Document:
        """Open a conversation with a desk: {matter?, case?, point?, text?, last_officer?}.

        Outside of opening hours its state is `left_message`, with the time by which an answer is promised. Raises
        BadFields, Blocked.
        """
        desk = routing.desk_of(self._ports, body, actor)
        self.blocks.in_force.check(actor, desk)
        text = _first_text(body.get("text"))
        now = self._now()
        state, promised_at = routing.way_in_now(self._ports, desk, now)
        conversation = Conversation(
            id=new_id,
            version=1,
            citizen=Participant(actor.id, "citizen"),
            desk=desk,
            state=state,
            created_at=now,
            waiting_since=now,
            matter=body.get("matter"),
            case=routing.case_of(self._ports, body, actor),
            point=body.get("point"),
            place=self._desks.ahead(desk, now) + 1,
            promised_at=promised_at,
            wanted=self._desks.last_officer(actor.id, desk) if body.get("last_officer") else None,
        )
        posts = [Post(str(uuid4()), "text", {"text": text})] if text is not None else []
        self._moves.begin(actor, conversation, posts)
        return self._views.conversation(self._memory.newest(conversation), actor)

    def created(self, actor: Viewer, conversation_id: str) -> Document | None:
        """A conversation that an earlier request of this actor opened, or None."""
        conversation = self._store.conversation(conversation_id)
        own = conversation is not None and conversation.citizen.id == actor.id
        return self._views.conversation(conversation, actor) if conversation and own else None

    def get(self, actor: Viewer, conversation_id: str) -> Document:
        """One conversation."""
        conversation = self._memory.readable(actor, conversation_id)
        self._record_reading(conversation, actor, detail="state")
        return self._views.conversation(conversation, actor)

    def mine(self, actor: Viewer, cursor: str | None, limit: int) -> Document:
        """A citizen's conversations, newest first."""
        before, limit = self._cursor(cursor), min(limit, MOST_CONVERSATIONS)
        page = self._store.of_citizen(actor.id, before.id if before else None, limit + 1)
        items = [self._views.conversation(conversation, actor) for conversation in page[:limit]]
        return views.page(items, len(page) > limit)

    def at_desk(self, actor: Viewer, queue: str, cursor: str | None, limit: int, desk: str | None = None) -> Document:
        """A page of a desk's conversations: `waiting`, the longest wait first; or `all`, newest first.

        `mine` are those that the actor holds, at whichever desk. `desk` is for overseers who are posted nowhere.
        """
        access.check_staff(actor)
        desk = actor.point or (desk if desk and access.oversees(actor, desk) else "")
        position, limit = self._cursor(cursor), min(limit, MOST_CONVERSATIONS)
        if queue == "waiting":
            page = self._desks.waiting(desk, position, limit + 1)
        elif queue == "mine":
            page = self._desks.of_officer(actor.id, position.id if position else None, limit + 1)
        else:
            page = self._desks.of_desk(desk, position, self._now(), limit + 1)
        items = [self._views.desk_conversation(conversation, actor) for conversation in page[:limit]]
        detail = f"queue={queue}" + (f"; desk={desk}" if desk and queue != "mine" else "")
        self._ports.record(actor.id, "read_list", "list:conversations", detail=detail, count=len(items))
        return views.page(items, len(page) > limit)

    def open_at(self, desk: str) -> int:
        """How many conversations of a desk are not closed."""
        return self._desks.open_at(desk)

    def messages(self, actor: Viewer, conversation_id: str, stream: str, after: int, limit: int) -> Document:
        """A page of messages in order, after a number: {items, next_seq, more}. Raises NotFound, BadFields.

        An officer who is given none has read nothing, and leaves no row in the audit.
        """
        conversation = self._memory.readable_cached(actor, conversation_id)
        limit = max(1, min(limit, MOST_MESSAGES))
        rows = self._store.page(conversation.id, access.check_stream(actor, stream), after, limit + 1)
        items = self._views.messages(rows[:limit], conversation, actor)
        if items:
            self._record_reading(conversation, actor)
        return {"items": items, "next_seq": items[-1]["seq"] if items else after, "more": len(rows) > limit}

    def transcript(self, actor: Viewer, conversation_id: str) -> bytes:
        """The public stream as PDF; the last two thousand messages."""
        conversation = self._memory.readable(actor, conversation_id)
        self._record_reading(conversation, actor, detail="transcript")

        def compose() -> Transcript:
            after = max(0, self._store.last(conversation.id, "public") - MOST_PRINTED)
            rows = self._store.page(conversation.id, "public", after, MOST_PRINTED)
            messages = self._views.messages(rows, conversation, actor)
            return transcript_of(self._views.conversation(conversation, actor), messages, self._now())

        return self._ports.printed(compose, actor.id)

    def original(self, actor: Viewer, conversation_id: str, seq: int) -> Document:
        """The unmasked text of a message, for the officer who holds the conversation or took it first.

        Each reading is audited. Raises NotFound.
        """
        conversation = self._memory.readable(actor, conversation_id)
        access.check_original(actor, conversation)
        row = self._store.message(conversation.id, "public", seq)
        if row is None:
            raise NotFound
        self._ports.record(actor.id, "read_original", f"talk:{conversation.id}:{seq}")
        if "sealed" not in row:
            return {"text": row.get("text", "")}
        return {"text": self._ports.open_sealed(row["_id"], "sealed", row["sealed"])}

    def check_reader(self, actor: Viewer, conversation_id: str) -> None:
        """Raises NotFound if the actor may not read it."""
        self._record_reading(self._memory.readable_cached(actor, conversation_id), actor)

    # -- speaking ----------------------------------------------------------------

    def post(self, actor: Viewer, conversation_id: str, body: Document) -> Document:
        """Post a message; answers {seq, id, at, stream} once a majority has it. Idempotent by its `client_id`."""
        post = read_post(body)
        self.posts.take(actor.id)
        conversation = self._memory.readable_cached(actor, conversation_id)
        sender = Participant.of(actor)
        try:
            access.check_speaker(conversation, actor, post.stream)
            self.blocks.in_force.check(actor, conversation.desk)
            self._record_whisper(conversation, actor, post)
            resolved = self._messages.resolved(post, conversation, actor)
            row = self._messages.message(conversation, sender, resolved, self._now())
        except Refusal:
            # Stored, the answer lost, the conversation closed meanwhile: still the success that it was.
            stored = self._stored(conversation.id, sender.id, post.client_id)
            if stored is None:
                raise
            row = stored
        else:
            row = self._writer.post(row, conversation, sender)
        return {"seq": row["seq"], "id": row["_id"], "at": views.moment(row["at"]), "stream": row["stream"]}

    def has_posted(self, actor: Viewer, conversation_id: str, client_id: str) -> bool:
        """Whether a majority has a message of this sender under this client id; False too if the store is away."""
        with suppress(Unsettled):
            return self._stored(conversation_id, actor.id, client_id) is not None
        return False

    def delivered(self, actor: Viewer, conversation_id: str, seq: object) -> None:
        """Note that a device of a member has received everything up to `seq`."""
        conversation, seq = self._up_to(actor, conversation_id, seq)
        self._advance(conversation, actor, delivered=seq, read=0)

    def read(self, actor: Viewer, conversation_id: str, seq: object) -> None:
        """Note that a member has read everything up to `seq`."""
        conversation, seq = self._up_to(actor, conversation_id, seq)
        self._advance(conversation, actor, delivered=seq, read=seq)

    def _up_to(self, actor: Viewer, conversation_id: str, seq: object) -> tuple[Conversation, int]:
        """The conversation, and the number that a client names, but never one beyond the last."""
        if not isinstance(seq, int) or isinstance(seq, bool) or seq < 0:
            raise BadFields({"seq": ["应为 0 或更大的整数。"]})
        conversation = self._memory.readable_cached(actor, conversation_id)
        return conversation, min(seq, self._store.last(conversation.id, "public"))

    def _advance(self, conversation: Conversation, actor: Viewer, *, delivered: int, read: int) -> None:
        """Only its citizen and its officer count. Staff who read along leave no trace in the conversation."""
        if actor.id not in {conversation.citizen.id, conversation.officer and conversation.officer.id}:
            return
        seen = self._store.advance(conversation.id, Participant.of(actor), delivered, read, self._now())
        if seen:
            self._broadcast.receipt(conversation, Participant.of(actor), seen)

    def typing(self, actor: Viewer, conversation_id: str, connection: str | None) -> None:
        """Tell the other followers that the actor is typing; nothing is stored."""
        conversation = self._memory.readable_cached(actor, conversation_id)
        access.check_speaker(conversation, actor, "public")
        self.blocks.in_force.check(actor, conversation.desk)
        self.live.typing(conversation, Participant.of(actor), connection)

    def forget(self, actor: Viewer) -> None:
        """Erase what a citizen wrote whose account is closed; idempotent."""
        self.retention.erase(actor)

    def hand_over(self, citizen: str, heir: str) -> bool:
        """Move some conversations of a citizen to the account that theirs was joined to; True once none is left."""
        moved = self.retention.hand_over(citizen, heir)
        for conversation in moved:
            self._memory.remember(conversation)
        return not moved

    # -- helpers -------------------------------------------------------------------

    def _cursor(self, cursor: str | None) -> Conversation | None:
        """The conversation after which a list goes on. Raises BadCursor."""
        conversation = self._store.conversation(cursor) if cursor else None
        if cursor and conversation is None:
            raise BadCursor
        return conversation

    def _opened(self, actor: Viewer, conversation_id: str) -> Conversation:
        """A conversation that the actor reads now; the reading is recorded if it is not theirs. Raises NotFound."""
        conversation = self._memory.readable(actor, conversation_id)
        self._record_reading(conversation, actor)
        return conversation

    def _record_reading(self, conversation: Conversation, actor: Viewer, detail: str = "") -> None:
        """Audit an officer who reads a conversation that is not theirs."""
        officer = conversation.officer
        if actor.is_staff and (officer is None or officer.id != actor.id):
            self._ports.record(actor.id, "read_conversation", f"talk:{conversation.id}", detail=detail)

    def _record_whisper(self, conversation: Conversation, actor: Viewer, post: Post) -> None:
        """Audit an overseer of the desk who writes a note."""
        if post.stream == "staff" and access.oversees(actor, conversation.desk):
            self._ports.record(actor.id, "conversation.whispered", f"talk:{conversation.id}")

    def _stored(self, conversation_id: str, sender_id: str, client_id: str) -> Document | None:
        """The message that this sender stored under this client id before."""
        rows = self._store.stored([client_id])
        return next((r for r in rows if r["conversation"] == conversation_id and r["sender"]["id"] == sender_id), None)


def _first_text(text: object) -> str | None:
    try:
        return None if text is None else read_text(text)
    except ValueError as error:
        raise BadFields({"text": [str(error)]}) from None
