"""The use cases of the chat, the same for HTTP and for the socket: load and authorise, decide, write and announce."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from chat import limits
from chat import transcript as papers
from chat.away import Absent
from chat.blocks.service import Blocks
from chat.blocks.store import BlockStore
from chat.desk import presence as presences
from chat.desk import routing as desks
from chat.desk.presence import Presence
from chat.desk.queue import Queues
from chat.desk.rounds import Rounds
from chat.limits import Buckets
from chat.live import views
from chat.live.broadcast import Telling
from chat.live.hints import Live
from chat.live.memory import Standings
from chat.live.shown import Showing
from chat.moves import Moves
from chat.ports import Document, Ports, Viewer
from chat.refusals import (
    BadCursor,
    BadFields,
    NotFound,
    OfficerAway,
    Refusal,
)
from chat.replies.service import Replies
from chat.retention.retention import KEPT, Retention
from chat.retention.store import RetentionStore
from chat.talk import conversation as rules
from chat.talk import masking
from chat.talk.conversation import Conversation, Decide, Move, Person, Post
from chat.talk.message import Rows
from chat.talk.store import ChatStore, Database
from chat.ties import Deeds

MOST_MESSAGES = 200
MOST_CONVERSATIONS = 50
ERASED = "（账号已注销，内容已删除）"
"""What stands where something was said by somebody whose account is closed."""


class Chat:
    """Live consultation. Every method refuses with one of chat.refusals."""

    def __init__(
        self,
        database: Database,
        *,
        ports: Ports,
        now: Callable[[], datetime],
        posts_a_minute: int = limits.POSTS_A_MINUTE,
        kept: timedelta = KEPT,
    ) -> None:
        self._store = store = ChatStore(database)
        self._ports = ports
        self._now = now
        self._queues = queues = Queues()
        self._rows = rows = Rows(ports, now)
        self._standings = standings = Standings(store)
        self._showing = showing = Showing(store, ports, queues)
        self._telling = telling = Telling(store, showing=showing, standings=standings, queues=queues, now=now)
        self._moves = moves = Moves(store, ports, rows=rows, standings=standings, telling=telling, now=now)
        self.blocks = blocks = Blocks(BlockStore(database), ports, moves=moves, standings=standings, now=now)
        showing.block_of = blocks.of
        self._absent = Absent(store, ports)
        self._retention = Retention(RetentionStore(database), case_kept=ports.case_kept, kept=kept)
        tidy = (store.forget_originals, blocks.forget_old, self._retention.look)
        self._rounds = Rounds(
            store, ports, move=moves.by_itself, way_in=self._way_in, give=moves.giving.give, tidy=tidy
        )
        self.replies = Replies(store, ports, now=now, readable=standings.readable)
        self.deeds = Deeds(store, ports, act=self._act, by_itself=moves.by_itself, readable=standings.readable, now=now)
        self.posts, self.events = Buckets(limits.posts(posts_a_minute)), Buckets(limits.events(posts_a_minute))

    @property
    def live(self) -> Live:
        """What connected people are told."""
        return self._telling.live

    def share(self) -> None:
        """Other processes move conversations and speak in them too."""
        self._standings.share()
        self._telling.share()

    def heard(self, messages: Iterable[Document]) -> None:
        """Another process told these messages, as they are shown, to everybody."""
        self._telling.heard(messages)

    def heard_receipt(self, shown: Document) -> None:
        """Another process told this receipt, as it is shown, to everybody."""
        self._telling.heard_receipt(shown)

    def beat(self) -> int:
        """Tell this process's connections what was stored and never heard of here, receipts too; how many messages that
        were."""
        return self._telling.beat()

    def moved_elsewhere(self, conversation_id: str) -> Conversation | None:
        """A conversation as it is now, which another process moved."""
        found = self._store.conversation(conversation_id)
        if found:
            self._standings.remember(found)
        return found

    def tell_queues(self) -> None:
        """Tell those whose place has changed."""
        self._telling.queues()

    def step(self, now: datetime) -> bool:
        """Go once round what is due, and leave a notice for whoever has not seen what was said 10 s ago or earlier.

        True where there was something to look through.
        """
        search = self._store.claim_search(now)
        self._telling.queues()
        if search is None:
            return False
        self._rounds.go(now)
        return self._absent.look(search, now)

    def close(self) -> None:
        """Store what was posted, then end."""
        self._telling.writer.close()

    def open_at(self, desk: str) -> int:
        """How many conversations of a desk are not closed."""
        return self._store.open_at(desk)

    # -- opening and reading ---------------------------------------------------

    def open(self, actor: Viewer, new_id: str, body: Document) -> Document:
        """Ask a desk: {matter?, case?, point?, text?}. Out of hours it becomes a message with a promised time."""
        desk = self._desk(actor, body)
        self.blocks.check(actor, desk)
        text = self._first_text(body.get("text"))
        now = self._now()
        state, promised_at = self._way_in(desk, now)
        opened = Conversation(
            id=new_id,
            version=1,
            citizen=Person(actor.id, "citizen"),
            desk=desk,
            state=state,
            created_at=now,
            waiting_since=now,
            matter=body.get("matter"),
            case=body.get("case"),
            point=body.get("point"),
            place=self._store.ahead(desk, now) + 1,
            promised_at=promised_at,
            wanted=self._wanted(actor, desk, body),
        )
        first = [Post(str(uuid4()), "text", {"text": text})] if text is not None else []

        def tell(session: Any) -> list[Document]:
            self._ports.announce(session, "conversation.opened", new_id, citizen=actor.id, desk=desk)
            if state == "left_message":
                self._moves.promise(session, opened, now)
            said = [self._rows.message(opened, opened.citizen, post, now) for post in first]
            return [self._rows.event(opened, "opened", now), *said]

        self._telling.said_all(opened, self._store.begin(opened, tell), actor)
        self._moves.moved(opened)
        return self._showing.conversation(self._standings.newest(opened), actor)

    def made(self, actor: Viewer, conversation_id: str) -> Document | None:
        """A conversation that an earlier request opened, or None."""
        found = self._store.conversation(conversation_id)
        return self._showing.conversation(found, actor) if found and found.citizen.id == actor.id else None

    def get(self, actor: Viewer, conversation_id: str) -> Document:
        """One conversation."""
        return self._showing.conversation(self._standings.readable(actor, conversation_id), actor)

    def mine(self, actor: Viewer, cursor: str | None, limit: int) -> Document:
        """A citizen's conversations, newest first."""
        limit = min(limit, MOST_CONVERSATIONS)
        found = self._store.of_citizen(actor.id, self._known_cursor(cursor), limit + 1)
        return views.page([self._showing.conversation(one, actor) for one in found[:limit]], len(found) > limit)

    def at_desk(self, actor: Viewer, queue: str, cursor: str | None, limit: int, desk: str | None = None) -> Document:
        """The conversations of one's desk: `waiting` longest first; `all` newest first; `mine` at whichever desk.

        `desk` is for who oversees them all.
        """
        rules.check_staff(actor)
        desk = actor.point or (desk if desk and rules.oversees(actor, desk) else "")
        before, limit = self._known_cursor(cursor), min(limit, MOST_CONVERSATIONS)
        if queue == "waiting":
            found = self._store.waiting(desk, self._store.conversation(before) if before else None, limit + 1)
        elif queue == "mine":
            found = self._store.of_officer(actor.id, before, limit + 1)
        else:
            found = self._store.of_desk(desk, before, limit + 1)
        return views.page([self._showing.at_desk(one, actor) for one in found[:limit]], len(found) > limit)

    def messages(self, actor: Viewer, conversation_id: str, stream: str, after: int, limit: int) -> Document:
        """Messages in order, from after a number on: {items, next_seq, more}."""
        found = self._standings.standing(actor, conversation_id)
        self._record_reading(found, actor)
        limit = max(1, min(limit, MOST_MESSAGES))
        rows = self._store.page(found.id, rules.check_stream(actor, stream), after, limit + 1)
        shown = self._showing.messages(rows[:limit], found, actor)
        return {
            "items": shown,
            "next_seq": shown[-1]["seq"] if shown else after,
            "more": len(rows) > limit,
        }

    def transcript(self, actor: Viewer, conversation_id: str) -> bytes:
        """The public stream on paper, as PDF; the last two thousand messages."""
        found = self._standings.readable(actor, conversation_id)
        self._record_reading(found, actor)
        after = max(0, self._store.last(found.id, "public") - papers.MOST)
        messages = self._showing.messages(self._store.page(found.id, "public", after, papers.MOST), found, actor)
        return self._ports.printed(papers.transcript(self._showing.conversation(found, actor), messages, self._now()))

    def original(self, actor: Viewer, conversation_id: str, seq: int) -> Document:
        """What was written before it was masked, for the officer who has it or took it first; each look is audited."""
        found = self._standings.readable(actor, conversation_id)
        row = self._store.message(found.id, "public", seq)
        if row is None or actor.id not in {one.id for one in (found.officer, found.owner) if one}:
            raise NotFound
        self._ports.record(actor.id, "read_original", f"talk:{found.id}:{seq}")
        if "sealed" not in row:
            return {"text": row.get("text", "")}
        return {"text": self._ports.open_sealed(row["_id"], "sealed", row["sealed"])}

    def check_reader(self, actor: Viewer, conversation_id: str) -> None:
        """Raises NotFound where this is not theirs to read."""
        self._record_reading(self._standings.standing(actor, conversation_id), actor)

    def shares_file(self, actor: Viewer, upload: str) -> bool:
        """Whether an upload was sent in a conversation that this person may read."""
        return any(_may_read(found, actor) for found in self._store.conversations_with_file(upload))

    def uses_file(self, upload: str) -> bool:
        """Whether an upload was sent in any conversation."""
        return bool(self._store.conversations_with_file(upload))

    # -- speaking ----------------------------------------------------------------

    def post(self, actor: Viewer, conversation_id: str, body: Document) -> Document:
        """Say something; answers {seq, id, at, stream} once a majority has it. A repeat answers as the first did."""
        post = rules.read_post(body)
        self.posts.take(actor.id)
        standing = self._standings.standing(actor, conversation_id)
        sender = Person.of(actor)
        try:
            rules.check_speaker(standing, actor, post.stream)
            self.blocks.check(actor, standing.desk)
            self._record_whisper(standing, actor, post)
            row = self._rows.message(standing, sender, self._resolved(post, standing, actor), self._now())
        except Refusal:
            # Stored, the answer lost, the conversation closed meanwhile: still the success that it was.
            said = self._said(standing, sender, post)
            if said is None:
                raise
            row = said
        else:
            row = self._telling.writer.post(row, standing, sender)
        return {"seq": row["seq"], "id": row["_id"], "at": views.moment(row["at"]), "stream": row["stream"]}

    def delivered(self, actor: Viewer, conversation_id: str, seq: object) -> None:
        """A device of a member has everything up to `seq`."""
        standing, seq = self._up_to(actor, conversation_id, seq)
        self._advance(standing, actor, delivered=seq, read=0)

    def read(self, actor: Viewer, conversation_id: str, seq: object) -> None:
        """A member has read everything up to `seq`."""
        standing, seq = self._up_to(actor, conversation_id, seq)
        self._advance(standing, actor, delivered=seq, read=seq)

    def _up_to(self, actor: Viewer, conversation_id: str, seq: object) -> tuple[Conversation, int]:
        """The conversation, and the number that a client names, but never one beyond the last."""
        if not isinstance(seq, int) or isinstance(seq, bool) or seq < 0:
            raise BadFields({"seq": ["应为 0 或更大的整数。"]})
        standing = self._standings.standing(actor, conversation_id)
        return standing, min(seq, self._store.last(standing.id, "public"))

    def _advance(self, standing: Conversation, actor: Viewer, *, delivered: int, read: int) -> None:
        """Only members count: its citizen and its officer. Staff who read along leave no trace in the talk."""
        if actor.id not in {standing.citizen.id, standing.officer and standing.officer.id}:
            return
        seen = self._store.advance(standing.id, Person.of(actor), delivered, read, self._now())
        if seen:
            self._telling.receipt(standing, Person.of(actor), seen)

    def typing(self, actor: Viewer, conversation_id: str, connection: str | None) -> None:
        """Tell the others that somebody writes."""
        standing = self._standings.standing(actor, conversation_id)
        rules.check_speaker(standing, actor, "public")
        self.blocks.check(actor, standing.desk)
        self.live.typing(standing, Person.of(actor), connection)

    def forget(self, actor: Viewer) -> None:
        """Erase what a citizen said, whose account is closed: numbers and times stay, so that streams have no gap, and
        so does what the office said. Again changes nothing.
        """
        before: str | None = None
        while found := self._store.of_citizen(actor.id, before, MOST_CONVERSATIONS):
            for one in found:
                self._store.erase(one.id, actor.id, ERASED)
            before = found[-1].id

    # -- moving ------------------------------------------------------------------

    def claim(self, actor: Viewer, conversation_id: str) -> Document:
        """An officer takes a waiting conversation: the first one gets it, within their capacity."""
        rules.check_serves(actor)
        now = self._now()
        return self._act(actor, conversation_id, lambda found: rules.claimed(found, Person.of(actor), now))

    def transfer(self, actor: Viewer, conversation_id: str, to: object, reason: object) -> Document:
        """Hand over to {officer: id} who is there, or to {desk: id}; the reason becomes a note for the staff."""
        rules.check_staff(actor)
        why = rules.read_reason(reason)
        target = to if isinstance(to, dict) else {}
        officer, desk = target.get("officer"), target.get("desk")
        if isinstance(officer, str) and desk is None:
            person = self._present(officer)
            now = self._now()
            return self._act(actor, conversation_id, lambda c: rules.handed_over(c, actor, person, why, now))
        known = self._ports.desk_for(None, desk) if isinstance(desk, str) and officer is None else None
        if known is not None:
            way_in = self._way_in(known, self._now())
            return self._act(actor, conversation_id, lambda c: rules.sent_to_desk(c, actor, known, way_in, why))
        raise BadFields({"to": ["请选择一位同事或一个窗口。"]})

    def take_over(self, actor: Viewer, conversation_id: str, reason: object) -> Document:
        """Who oversees a desk goes on in the officer's place: everybody sees it, the reason is a note, and the owner
        stays. Where they go away it comes back to the desk as from any officer.
        """
        why, now = rules.read_reason(reason), self._now()

        def decide(found: Conversation) -> Move | None:
            rules.check_oversees(actor, found.desk)
            return rules.taken_over(found, Person.of(actor), why, now)

        if not rules.serves(actor):
            away = Presence(actor.id, actor.name, state="away", until=now + presences.LEASE)
            self._store.keep_presence(away)
        return self._act(actor, conversation_id, decide)

    def end(self, actor: Viewer, conversation_id: str, reason: object, version: int | None = None) -> Document:
        """Close it, by its citizen or its officer."""
        why, now = rules.read_reason(reason), self._now()
        return self._act(actor, conversation_id, lambda found: rules.closed(found, actor, why, now), version)

    def reopen(self, actor: Viewer, conversation_id: str, version: int | None = None) -> Document:
        """Go on in the same conversation, within 7 days."""
        now = self._now()

        def decide(found: Conversation) -> Move:
            self.blocks.check(actor, found.desk)
            return rules.reopened(found, self._way_in(found.desk, now), self._store.ahead(found.desk, now) + 1, now)

        return self._act(actor, conversation_id, decide, version)

    def rate(self, actor: Viewer, conversation_id: str, body: Document, version: int | None = None) -> Document:
        """A citizen says once, in five levels, what they thought of it: {score, text?}."""
        now, text = self._now(), rules.read_reason(body.get("text"))
        words = text and masking.mask(text)
        return self._act(actor, conversation_id, lambda c: rules.rated(c, body.get("score"), words, now), version)

    def promises(self, actor: Viewer, days: int) -> Document:
        """What became of the answers promised at one's desk, or at all of them for who oversees: counts and percent."""
        rows = self._store.promises(None if actor.point is None else actor.point, self._now() - timedelta(days=days))
        counts = Counter("overdue" if _is_overdue(row, self._now()) else row["state"] for row in rows)
        told = {state: counts[state] for state in ("open", "overdue", "kept", "missed", "withdrawn")}
        due = told["kept"] + told["missed"] + told["overdue"]
        return {"days": days, **told, "percent_kept": round(100 * told["kept"] / due, 1) if due else None}

    def leave_message(self, actor: Viewer, conversation_id: str, version: int | None = None) -> Document:
        """A citizen waits no longer: it is answered within the promised time, and they are told."""

        def decide(found: Conversation) -> Move:
            now = self._now()
            return rules.left(found, desks.promise(self._ports.desk_open(found.desk, now), now))

        return self._act(actor, conversation_id, decide, version)

    # -- presence ----------------------------------------------------------------

    def say_presence(self, actor: Viewer, word: Document) -> Document:
        """An officer is here or away, can hold so many at once, takes or is given them, and knows so much."""
        rules.check_serves(actor)
        known = self._store.presence(actor.id) or Presence(actor.id, actor.name)
        until = self._now() + presences.LEASE
        said = replace(presences.said(known, word), name=actor.name, until=until, desk=actor.point)
        self._store.keep_presence(said)
        if said.desk and said.takes == "push":
            self._moves.giving.give(said.desk)
        return said.word

    def still_here(self, officers: Iterable[str]) -> None:
        """These officers have an open connection."""
        self._store.renew_presence(officers, self._now() + presences.LEASE)

    # -- looking for words ---------------------------------------------------------------

    def search(self, actor: Viewer, words: str, conversation_id: str | None, page: tuple[str | None, int]) -> Document:
        """Messages that hold these words, newest first: in one conversation, or in all that an officer has or had."""
        cursor, limit = page
        if conversation_id is not None:
            found = self._standings.readable(actor, conversation_id)
            self._record_reading(found, actor)
            rows = self._store.search_talk(found.id, words, cursor, limit + 1)
        else:
            rules.check_serves(actor)
            rows = self._store.search_own(actor.id, words, cursor, limit + 1)
        shown = [one for row in rows[:limit] for one in self._found(row, actor)]
        return views.page(shown, len(rows) > limit)

    def _found(self, row: Document, actor: Viewer) -> list[Document]:
        found = self._store.conversation(row["conversation"])
        return self._showing.messages([row], found, actor) if found and _may_read(found, actor) else []

    def _known_cursor(self, cursor: str | None) -> str | None:
        if cursor and self._store.conversation(cursor) is None:
            raise BadCursor
        return cursor or None

    # -- decide --------------------------------------------------------------------

    def _desk(self, actor: Viewer, body: Document) -> str:
        """The desk for what is asked about, which must be public or the citizen's own. Raises BadFields."""
        asked = {"matter": "guide", "case": "case", "point": "point"}
        cards = {
            name: self._ports.card(kind, body[name], actor)
            for name, kind in asked.items()
            if body.get(name) is not None
        }
        errors = {name: ["没有找到，请重新选择。"] for name, card in cards.items() if card is None}
        case = cards.get("case") or {}
        matter, point = (body.get(name) or case.get(name) for name in ("matter", "point"))
        desk = None if errors else self._ports.desk_for(matter, point)
        if desk is None:
            raise BadFields(errors or {"point": ["请选择要咨询的办事地点。"]})
        return desk

    def _wanted(self, actor: Viewer, desk: str, body: Document) -> str | None:
        return self._store.last_officer(actor.id, desk) if body.get("last_officer") else None

    @staticmethod
    def _first_text(text: object) -> str | None:
        try:
            return None if text is None else rules.read_text(text)
        except ValueError as error:
            raise BadFields({"text": [str(error)]}) from None

    def _resolved(self, post: Post, found: Conversation, actor: Viewer) -> Post:
        """The post with its file looked up, and its card seen by both sides. Raises BadFields."""
        if "file" in post.content:
            file = self._ports.file(post.content["file"], actor)
            if file is None:
                raise BadFields({"file": ["没有找到这个文件，请重新上传。"]})
            shown = {name: file[name] for name in ("id", "name", "type", "size")}
            return Post(post.client_id, post.kind, {"file": shown})
        card = post.content.get("card")
        if card and not all(self._ports.card(card["type"], card["ref"], one) for one in (actor, found.citizen)):
            raise BadFields({"card": ["没有找到，或者对方不能查看，请换一个。"]})
        return post

    def _way_in(self, desk: str, now: datetime) -> tuple[str, datetime | None]:
        return desks.way_in(self._ports.desk_open(desk, now), now)

    def _present(self, officer: str) -> Person:
        """An officer who is there now. Raises OfficerAway."""
        known = self._store.presence(officer)
        if known is None or not known.is_here(self._now()):
            raise OfficerAway
        return Person(known.member, "staff", known.name)

    def _record_reading(self, found: Conversation, actor: Viewer) -> None:
        """An officer who reads a talk that is not theirs is written down."""
        if actor.is_staff and not (found.officer and found.officer.id == actor.id):
            self._ports.record(actor.id, "read_talk", f"talk:{found.id}")

    def _record_whisper(self, found: Conversation, actor: Viewer, post: Post) -> None:
        """A word of who oversees the desk in the officer's ear is written down."""
        if post.stream == "staff" and rules.oversees(actor, found.desk):
            self._ports.record(actor.id, "talk.whispered", f"talk:{found.id}")

    def _act(self, actor: Viewer, conversation_id: str, decide: Decide, version: int | None = None) -> Document:
        """Move it; the conversation as the actor sees it now."""
        moved = self._moves.move(actor, conversation_id, decide, version)
        return self._showing.conversation(self._standings.newest(moved), actor)

    def _said(self, found: Conversation, sender: Person, post: Post) -> Document | None:
        """What this sender said under this client id before."""
        for row in self._store.stored([post.client_id]):
            if row["conversation"] == found.id and row["sender"]["id"] == sender.id:
                return row
        return None


def _may_read(found: Conversation, actor: Viewer) -> bool:
    try:
        rules.check_reader(found, actor)
    except NotFound:
        return False
    return True


def _is_overdue(promise: Document, now: datetime) -> bool:
    return bool(promise["state"] == "open" and promise["at"] < now)
