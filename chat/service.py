"""The use cases of the chat, the same for HTTP and for the socket: load and authorise, decide, write and announce."""

import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from chat import conversation as rules
from chat import desk as desks
from chat import limits, privacy, views
from chat import presence as presences
from chat import transcript as papers
from chat.conversation import SYSTEM, Conversation, Move, Person, Post, timed_id
from chat.events import Live
from chat.limits import Buckets
from chat.ports import Document, Ports, Viewer
from chat.presence import Presence
from chat.queues import Queues, Turns
from chat.refusals import (
    AlreadyClaimed,
    AtCapacity,
    BadCursor,
    BadFields,
    ConversationClosed,
    NotFound,
    OfficerAway,
    Refusal,
    Unavailable,
    VersionStale,
)
from chat.replies import Replies
from chat.rounds import REMIND, Rounds
from chat.store import ChatStore, Database
from chat.unheard import Unheard
from chat.writer import DEADLINE_SECONDS, Entry, Writer

log = logging.getLogger("circle.chat")

LINE = 50
"""How far the queue of a desk is looked through for somebody whom a free officer knows to answer."""

ACT_TRIES = 5
MOST_MESSAGES = 200
MOST_CONVERSATIONS = 50
STANDING_SECONDS = 60.0
"""How long it is remembered who is in a conversation, where this process alone moves them and so knows at once."""

MOST_SEQ = 2**63 - 1
"""What the store can hold; no stream comes so far."""

ERASED = "（账号已注销，内容已删除）"
"""What stands where something was said by somebody whose account is closed."""
LOST = timedelta(seconds=DEADLINE_SECONDS + 2)
"""What another process stored and Redis did not bring within this is looked for. Not earlier than any write can end,
nor closer than clocks agree."""

REMEMBERED = 10_000
SEARCH_ROWS = 200
SEARCH_PAUSE = timedelta(seconds=1)

Decide = Callable[[Conversation], Move | None]


class Chat:
    """Live consultation. Every method refuses with one of chat.refusals."""

    def __init__(
        self,
        database: Database,
        *,
        ports: Ports,
        now: Callable[[], datetime],
        posts_a_minute: int = limits.POSTS_A_MINUTE,
    ) -> None:
        self._store = store = ChatStore(database)
        self._ports = ports
        self._now = now
        self.live = Live()
        self._writer = Writer(store, self._committed)
        self._standings: OrderedDict[str, tuple[float, Conversation]] = OrderedDict()
        self._standing_seconds = STANDING_SECONDS
        self._unheard: Unheard | None = None
        self._queues = Queues()
        self._given = Turns()
        self.replies = Replies(store, ports, now=now, readable=self._readable)
        self._rounds = Rounds(store, ports, move=self._move_by_itself, way_in=self._way_in, give=self._give)
        self.posts, self.events = Buckets(limits.posts(posts_a_minute)), Buckets(limits.events(posts_a_minute))
        self._lock = threading.Lock()

    def share(self) -> None:
        """Other processes move conversations too: look before each message who is in it, and now and then in the
        store for what was lost on the way between them."""
        self._standing_seconds = 0.0
        self._unheard = Unheard(rules.first_id(self._now() - LOST))

    def heard(self, messages: Iterable[Document]) -> None:
        """Another process told these messages, as they are shown, to everybody."""
        shown = list(messages)
        self._writer.heard(shown)
        if self._unheard:
            self._unheard.told(one["id"] for one in shown)

    def moved_elsewhere(self, conversation_id: str) -> Conversation | None:
        """A conversation as it is now, which another process moved."""
        found = self._store.conversation(conversation_id)
        if found:
            self._remember(found)
        return found

    def beat(self) -> int:
        """Tell this process's connections what was stored and never heard of here; how many messages that were."""
        if self._unheard is None:
            return 0
        until = rules.first_id(self._now() - LOST)
        ids = self._unheard.among(self._store.ids_between(self._unheard.after, until))
        for row in self._store.messages_of(ids):
            found = self._store.conversation(row["conversation"])
            if found is not None:
                self._writer.heard([row])
                self.live.found(self._shown([row], found, found.citizen)[0], found)
        self._unheard.looked(until)
        return len(ids)

    def close(self) -> None:
        """Store what was posted, then end."""
        self._writer.close()

    def open_at(self, desk: str) -> int:
        """How many conversations of a desk are not closed."""
        return self._store.open_at(desk)

    # -- opening and reading ---------------------------------------------------

    def open(self, actor: Viewer, new_id: str, body: Document) -> Document:
        """Ask a desk: {matter?, case?, point?, text?}. Out of hours it becomes a message with a promised time."""
        desk = self._desk(actor, body)
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
                self._promise(session, opened, now)
            said = [self._row(opened, opened.citizen, post, now) for post in first]
            return [self._event(opened, "opened", now), *said]

        self._said_all(opened, self._store.begin(opened, tell), actor)
        self._moved(opened)
        return self._view(self._newest(opened), actor)

    def made(self, actor: Viewer, conversation_id: str) -> Document | None:
        """A conversation that an earlier request opened, or None."""
        found = self._store.conversation(conversation_id)
        return self._view(found, actor) if found and found.citizen.id == actor.id else None

    def get(self, actor: Viewer, conversation_id: str) -> Document:
        """One conversation."""
        return self._view(self._readable(actor, conversation_id), actor)

    def mine(self, actor: Viewer, cursor: str | None, limit: int) -> Document:
        """A citizen's conversations, newest first."""
        limit = min(limit, MOST_CONVERSATIONS)
        found = self._store.of_citizen(actor.id, self._known_cursor(cursor), limit + 1)
        return views.page([self._view(one, actor) for one in found[:limit]], len(found) > limit)

    def at_desk(self, actor: Viewer, queue: str, cursor: str | None, limit: int) -> Document:
        """The conversations of one's desk: `waiting` longest first; `all` newest first; `mine` at whichever desk."""
        rules.check_serves(actor)
        limit = min(limit, MOST_CONVERSATIONS)
        before = self._known_cursor(cursor)
        if queue == "waiting":
            found = self._store.waiting(
                actor.point or "", self._store.conversation(before) if before else None, limit + 1
            )
        elif queue == "mine":
            found = self._store.of_officer(actor.id, before, limit + 1)
        else:
            found = self._store.of_desk(actor.point or "", before, limit + 1)
        return views.page([self._desk_view(one, actor) for one in found[:limit]], len(found) > limit)

    def messages(self, actor: Viewer, conversation_id: str, stream: str, after: int, limit: int) -> Document:
        """Messages in order, from after a number on: {items, next_seq, more}."""
        found = self._readable(actor, conversation_id)
        self._record_reading(found, actor)
        limit = max(1, min(limit, MOST_MESSAGES))
        rows = self._store.page(found.id, rules.check_stream(actor, stream), after, limit + 1)
        shown = self._shown(rows[:limit], found, actor)
        return {
            "items": shown,
            "next_seq": shown[-1]["seq"] if shown else after,
            "more": len(rows) > limit,
        }

    def transcript(self, actor: Viewer, conversation_id: str) -> bytes:
        """The public stream on paper, as PDF; the last two thousand messages."""
        found = self._readable(actor, conversation_id)
        self._record_reading(found, actor)
        after = max(0, self._store.last(found.id, "public") - papers.MOST)
        messages = self._shown(self._store.page(found.id, "public", after, papers.MOST), found, actor)
        return self._ports.printed(papers.transcript(self._view(found, actor), messages, self._now()))

    def check_reader(self, actor: Viewer, conversation_id: str) -> None:
        """Raises NotFound where this is not theirs to read."""
        self._record_reading(self._readable(actor, conversation_id), actor)

    def shares_file(self, actor: Viewer, upload: str) -> bool:
        """Whether an upload was sent in a conversation that this person may read."""
        return any(_may_read(found, actor) for found in self._store.conversations_with_file(upload))

    def uses_file(self, upload: str) -> bool:
        """Whether an upload was sent in any conversation."""
        return bool(self._store.conversations_with_file(upload))

    # -- speaking ----------------------------------------------------------------

    def forget(self, actor: Viewer) -> None:
        """Erase what a citizen said, whose account is closed: numbers and times stay, so that streams have no gap, and
        so does what the office said. Again changes nothing.
        """
        before: str | None = None
        while found := self._store.of_citizen(actor.id, before, MOST_CONVERSATIONS):
            for one in found:
                self._store.erase(one.id, actor.id, ERASED)
            before = found[-1].id

    def post(self, actor: Viewer, conversation_id: str, body: Document) -> Document:
        """Say something; answers {seq, id, at, stream} once a majority has it. A repeat answers as the first did."""
        post = rules.read_post(body)
        self.posts.take(actor.id)
        standing = self._standing(actor, conversation_id)
        sender = _person(actor)
        try:
            rules.check_speaker(standing, actor, post.stream)
            row = self._row(standing, sender, self._resolved(post, standing, actor), self._now())
        except Refusal:
            # Stored, the answer lost, the conversation closed meanwhile: still the success that it was.
            said = self._said(standing, sender, post)
            if said is None:
                raise
            row = said
        else:
            row = self._writer.post(row, standing, sender)
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
        standing = self._standing(actor, conversation_id)
        return standing, min(seq, self._store.last(standing.id, "public"))

    def _advance(self, standing: Conversation, actor: Viewer, *, delivered: int, read: int) -> None:
        """Only members count: its citizen and its officer. Staff who read along leave no trace in the talk."""
        if actor.id not in {standing.citizen.id, standing.officer and standing.officer.id}:
            return
        seen = self._store.advance(standing.id, _person(actor), delivered, read)
        if seen:
            self.live.receipt(standing, _person(actor), seen)

    def typing(self, actor: Viewer, conversation_id: str, connection: str | None) -> None:
        """Tell the others that somebody writes."""
        standing = self._standing(actor, conversation_id)
        rules.check_speaker(standing, actor, "public")
        self.live.typing(standing, _person(actor), connection)

    # -- moving ------------------------------------------------------------------

    def claim(self, actor: Viewer, conversation_id: str) -> Document:
        """An officer takes a waiting conversation: the first one gets it, within their capacity."""
        rules.check_serves(actor)
        now = self._now()
        return self._act(actor, conversation_id, lambda found: rules.claimed(found, _person(actor), now))

    def transfer(self, actor: Viewer, conversation_id: str, to: object, reason: object) -> Document:
        """Hand over to {officer: id} who is there, or to {desk: id}; the reason becomes a note for the staff."""
        rules.check_serves(actor)
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

    def end(self, actor: Viewer, conversation_id: str, reason: object, version: int | None = None) -> Document:
        """Close it, by its citizen or its officer."""
        why, now = rules.read_reason(reason), self._now()
        return self._act(actor, conversation_id, lambda found: rules.closed(found, actor, why, now), version)

    def reopen(self, actor: Viewer, conversation_id: str, version: int | None = None) -> Document:
        """Go on in the same conversation, within 7 days."""
        now = self._now()

        def decide(found: Conversation) -> Move:
            return rules.reopened(found, self._way_in(found.desk, now), self._store.ahead(found.desk, now) + 1, now)

        return self._act(actor, conversation_id, decide, version)

    def rate(self, actor: Viewer, conversation_id: str, body: Document, version: int | None = None) -> Document:
        """A citizen says once, in five levels, what they thought of it: {score, text?}."""
        now, text = self._now(), rules.read_reason(body.get("text"))
        words = text and privacy.mask(text)
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
            self._give(said.desk)
        return said.word

    def still_here(self, officers: Iterable[str]) -> None:
        """These officers have an open connection."""
        self._store.renew_presence(officers, self._now() + presences.LEASE)

    # -- looking for words ---------------------------------------------------------------

    def search(self, actor: Viewer, words: str, conversation_id: str | None, page: tuple[str | None, int]) -> Document:
        """Messages that hold these words, newest first: in one conversation, or in all that an officer has or had."""
        cursor, limit = page
        if conversation_id is not None:
            found = self._readable(actor, conversation_id)
            self._record_reading(found, actor)
            rows = self._store.search_talk(found.id, words, cursor, limit + 1)
        else:
            rules.check_serves(actor)
            rows = self._store.search_own(actor.id, words, cursor, limit + 1)
        shown = [one for row in rows[:limit] for one in self._found(row, actor)]
        return views.page(shown, len(rows) > limit)

    def _found(self, row: Document, actor: Viewer) -> list[Document]:
        found = self._store.conversation(row["conversation"])
        return self._shown([row], found, actor) if found and _may_read(found, actor) else []

    # -- those who are away --------------------------------------------------------

    def step(self, now: datetime) -> bool:
        """Look once through what was said 10 s ago or earlier, and leave a notice for whoever has not seen it.

        True where there was something to look through. Each message is looked at under a lease, at least once; a member
        is told once, and again only after they have seen what they were told of.
        """
        search = self._store.claim_search(now)
        self.tell_queues()
        if search is None:
            return False
        self._rounds.go(now)
        rows = self._store.said_between(search["after"], rules.first_id(now - rules.UNSEEN), SEARCH_ROWS)
        said: dict[str, dict[str, int]] = {}
        for row in rows:
            if row["stream"] == "public" and (row["kind"] != "event" or row["event"]["type"] in rules.TELLING):
                said.setdefault(row["conversation"], {})[row["sender"]["id"]] = row["seq"]
        for conversation_id, last_of in said.items():
            self._tell_absent(conversation_id, last_of)
        after = rows[-1]["_id"] if rows else search["after"]
        self._store.end_search(search, after, now if len(rows) == SEARCH_ROWS else now + SEARCH_PAUSE)
        return bool(rows)

    def _tell_absent(self, conversation_id: str, last_of: dict[str, int]) -> None:
        """Tell those members who have not seen what somebody else said; `last_of` is the last number of each sender."""
        found = self._store.conversation(conversation_id)
        if found is None:
            return
        seen = {row["member"]: row for row in self._store.seen(conversation_id)}
        for member in filter(None, (found.citizen, found.officer)):
            row = seen.get(member.id, {"delivered_seq": 0, "told_seq": 0})
            seq = max((last for sender, last in last_of.items() if sender != member.id), default=0)
            if row["told_seq"] <= row["delivered_seq"] < seq:
                self._ports.away(f"{member.kind}:{member.id}", conversation_id, row["delivered_seq"] + 1)
                self._store.told(conversation_id, member, seq)

    # -- given and taken back ------------------------------------------------------

    def _give(self, desk: str) -> None:
        """Give what waits at a desk to those who are free, first come first served. One thread at a time does it; who
        comes meanwhile is sure that it looks once more. What fails is done at the next occasion, or by `step`."""
        try:
            self._given.turn(desk, lambda: self._give_first(desk))
        except Exception:
            log.exception("nobody was given a conversation")

    def _give_first(self, desk: str) -> bool:
        """Give away the first that somebody can take; whether there was one. Then look anew: others are at it too."""
        now = self._now()
        line = self._store.line(desk, LINE)
        officers = self._store.officers(desk, now) if line else []
        held = Counter(officer for officer, _ in self._store.held_by([one.member for one in officers])) if line else {}
        hands = [desks.Hand(one, held.get(one.member, 0)) for one in officers]
        for found in line:
            skill = self._ports.skill_of(found.matter) if found.matter else None
            officer = desks.choose(hands, skill, found.wanted, now)
            if officer is not None:
                self._give_to(officer, found.id, now)
                return True
        return False

    def _give_to(self, officer: Presence, conversation_id: str, now: datetime) -> None:
        """Unless it was taken, or the officer's hands were filled, in this very moment."""
        to = Person(officer.member, "staff", officer.name)

        def decide(found: Conversation) -> Move | None:
            return rules.claimed(found, to, now) if found.state == "queued" else None

        with suppress(AlreadyClaimed, AtCapacity, ConversationClosed):
            self._move(SYSTEM, conversation_id, decide)

    # -- load and authorise ------------------------------------------------------

    def _newest(self, found: Conversation) -> Conversation:
        """The newest that this process knows of it."""
        with self._lock:
            known = self._standings.get(found.id)
        return known[1] if known and known[1].version > found.version else found

    def _readable(self, actor: Viewer, conversation_id: str) -> Conversation:
        found = self._store.conversation(conversation_id)
        if found is None:
            raise NotFound
        if actor is not SYSTEM:
            rules.check_reader(found, actor)
        self._remember(found)
        return found

    def _standing(self, actor: Viewer, conversation_id: object) -> Conversation:
        """As `_readable`, from memory where it is fresh: who may speak changes rarely, and messages come often."""
        if not isinstance(conversation_id, str):
            raise NotFound
        with self._lock:
            at, found = self._standings.get(conversation_id, (0.0, None))
        if found is None or time.monotonic() - at > self._standing_seconds:
            return self._readable(actor, conversation_id)
        rules.check_reader(found, actor)
        return found

    def _remember(self, found: Conversation) -> None:
        with self._lock:
            known = self._standings.get(found.id)
            if known is None or known[1].version <= found.version:
                self._standings[found.id] = (time.monotonic(), found)
                self._standings.move_to_end(found.id)
            while len(self._standings) > REMEMBERED:
                self._standings.popitem(last=False)

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

    # -- write and announce ----------------------------------------------------------

    def _act(self, actor: Viewer, conversation_id: str, decide: Decide, version: int | None = None) -> Document:
        """As `_move`; the conversation as the actor sees it now."""
        return self._view(self._newest(self._move(actor, conversation_id, decide, version)), actor)

    def _move_by_itself(self, conversation_id: str, decide: Decide) -> Conversation:
        return self._move(SYSTEM, conversation_id, decide)

    def _move(self, actor: Viewer, conversation_id: str, decide: Decide, version: int | None = None) -> Conversation:
        """Decide on the newest state, write if it still is the newest, else decide again."""
        for _ in range(ACT_TRIES):
            before = self._readable(actor, conversation_id)
            if version is not None and before.version != version:
                raise VersionStale
            move = decide(before)
            if move is None:
                return before
            with self._writer.paused():
                rows = self._store.move(before, move.after, self._telling(before, move, actor))
                self._said_all(move.after, rows or [], actor)
            if rows is not None:
                self._moved(move.after, before)
                return move.after
        raise Unavailable(retry_after=1)

    def _telling(self, before: Conversation, move: Move, actor: Viewer) -> Callable[[Any], list[Document]]:
        """What is written with a move, in its transaction: capacity, the office's event, the talk's event, a note."""
        now, after = self._now(), move.after

        def tell(session: Any) -> list[Document]:
            if after.officer and after.state == "active" and after.officer != before.officer:
                self._check_capacity(session, after.officer.id)
            officer = after.officer.id if after.officer else None
            data = {"citizen": after.citizen.id, "officer": officer, "case": after.case, "by": actor.kind}
            self._ports.announce(session, f"conversation.{move.event}", after.id, **data)
            if actor.is_staff:
                self._ports.record(actor.id, f"talk.{move.event}", f"talk:{after.id}", session=session)
            if after.state == "left_message" and before.state != "left_message":
                self._promise(session, after, now)
            rows = [self._event(after, move.event, now, move.because)]
            if move.note:
                note = Post(str(uuid4()), "note", {"text": move.note})
                rows.append(self._row(after, _person(actor), note, now))
            return rows

        return tell

    def _promise(self, session: Any, found: Conversation, now: datetime) -> None:
        if found.promised_at:
            self._store.promise(session, found, now, max(now, found.promised_at - REMIND))

    def _check_capacity(self, session: Any, officer: str) -> None:
        known = self._store.presence(officer)
        if self._store.held(session, officer) > (known.capacity if known else presences.CAPACITY):
            raise AtCapacity

    def _event(self, found: Conversation, type: str, now: datetime, because: str | None = None) -> Document:
        why = {"because": because} if because else {}
        event = Post(str(uuid4()), "event", {"event": {"type": type, **why, **found.facts}})
        return self._row(found, SYSTEM, event, now)

    def _row(self, found: Conversation, sender: Person, post: Post, now: datetime) -> Document:
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

    def original(self, actor: Viewer, conversation_id: str, seq: int) -> Document:
        """What was written before it was masked, for the officer who has it or took it first; each look is audited."""
        found = self._readable(actor, conversation_id)
        row = self._store.message(found.id, "public", seq) if seq <= MOST_SEQ else None
        if row is None or actor.id not in {one.id for one in (found.officer, found.owner) if one}:
            raise NotFound
        self._ports.record(actor.id, "read_original", f"talk:{found.id}:{seq}")
        if "sealed" not in row:
            return {"text": row.get("text", "")}
        return {"text": self._ports.open_sealed(row["_id"], "sealed", row["sealed"])}

    def _said(self, found: Conversation, sender: Person, post: Post) -> Document | None:
        """What this sender said under this client id before."""
        for row in self._store.stored([post.client_id]):
            if row["conversation"] == found.id and row["sender"]["id"] == sender.id:
                return row
        return None

    def _committed(self, entries: list[Entry]) -> None:
        """From the writer, in order: show what was stored to those who listen."""
        for entry in entries:
            shown = self._shown([entry.row], entry.conversation, entry.conversation.citizen, entry.sender.name)
            self._tell(shown[0], entry.conversation)

    def _said_all(self, found: Conversation, rows: list[Document], actor: Viewer) -> None:
        """What an act stored: number on after it, and show it to those who listen."""
        self._writer.heard(rows)
        for shown in self._shown(rows, found, found.citizen, actor.name):
            self._tell(shown, found)

    def _tell(self, shown: Document, found: Conversation) -> None:
        if self._unheard:
            self._unheard.told([shown["id"]])
        self.live.message(shown, found)

    def _moved(self, after: Conversation, before: Conversation | None = None) -> None:
        """After a move: remember it, tell those who follow states and queues, and give on what came free."""
        self._remember(after)
        left = before.desk if before else after.desk
        if left != after.desk:
            self.live.parted(after)
        self.live.state(after, left)
        if after.officer and (before is None or before.officer != after.officer):
            self.live.assigned(after)
        self._queues.changed({after.desk, left})
        self.tell_queues()
        if after.state == "queued":
            self._give(after.desk)
        if before and before.officer and (after.officer != before.officer or after.state == "closed"):
            self._freed(before.officer.id)

    def _freed(self, officer: str) -> None:
        """An officer has one less in hand."""
        known = self._store.presence(officer)
        if known and known.desk and known.takes == "push":
            self._give(known.desk)

    def tell_queues(self) -> None:
        """Tell those whose place has changed; a desk is counted through at most once a second."""
        for desk in self._queues.due():
            waiting = self._store.queue(desk)
            waits = self._queues.remember_waits(desk, self._store.waits(desk)) if waiting else []
            places = {who: _place(position, waits) for position, who in enumerate(waiting, 1)}
            for (conversation_id, citizen), place in self._queues.news(desk, places):
                self.live.queue(conversation_id, citizen, place)

    # -- show --------------------------------------------------------------------------

    def _shown(
        self, rows: list[Document], found: Conversation, viewer: Viewer, citizen_name: str | None = None
    ) -> list[Document]:
        """Messages for a reader. What goes to many is shown as to the citizen: the least that each of them may see."""
        cards: dict[tuple[str, str], Document | None] = {}
        if citizen_name is None:
            citizen_name = self._ports.name_of(found.citizen.id) if any(map(_by_citizen, rows)) else ""
        shown = []
        for row in rows:
            sender = Person(**row["sender"])
            if _by_citizen(row):
                sender = Person(sender.id, sender.kind, citizen_name)
            card = None
            if "card" in row:
                key = (row["card"]["type"], row["card"]["ref"])
                if key not in cards:
                    cards[key] = self._ports.card(*key, viewer)
                card = cards[key]
            shown.append(views.message(row, sender, card))
        return shown

    def _view(self, found: Conversation, viewer: Viewer) -> Document:
        seen = self._store.seen(found.id)
        mine = _furthest(row for row in seen if row["member"] == viewer.id)
        return views.conversation(
            found,
            last_seq=self._store.last(found.id, "public"),
            unread=self._store.unread(found.id, viewer.id, mine["read_seq"]),
            mine=mine,
            peer=_furthest(row for row in seen if row["kind"] != viewer.kind),
            queue=self._queue_of(found),
        )

    def _desk_view(self, found: Conversation, viewer: Viewer) -> Document:
        latest = self._store.latest(found.id)
        return {
            **self._view(found, viewer),
            "citizen": {"id": found.citizen.id, "name": self._ports.name_of(found.citizen.id)},
            "waiting_since": views.moment(found.waiting_since),
            "wanted": found.wanted,
            "last": self._shown([latest], found, viewer)[0] if latest else None,
        }

    def _queue_of(self, found: Conversation) -> Document | None:
        if found.state != "queued":
            return None
        position = self._store.ahead(found.desk, found.waiting_since) + 1
        waits = self._queues.waits(found.desk)
        if waits is None:
            waits = self._queues.remember_waits(found.desk, self._store.waits(found.desk))
        return _place(position, waits)


def _person(actor: Viewer) -> Person:
    return Person(actor.id, actor.kind, actor.name)


def _by_citizen(row: Document) -> bool:
    return row["sender"]["kind"] == "citizen"


def _may_read(found: Conversation, actor: Viewer) -> bool:
    try:
        rules.check_reader(found, actor)
    except NotFound:
        return False
    return True


def _is_overdue(promise: Document, now: datetime) -> bool:
    return bool(promise["state"] == "open" and promise["at"] < now)


def _furthest(rows: Iterable[Document]) -> dict[str, int]:
    """How far one side has seen: the furthest of its members."""
    known = list(rows)
    return {name: max((row[name] for row in known), default=0) for name in ("delivered_seq", "read_seq")}


def _place(position: int, waits: list[tuple[float, int]]) -> Document:
    return {"position": position, "wait": list(desks.wait_range(position, waits))}
