"""Following a conversation: a snapshot and what came after it give a fresh snapshot, for every act; and nobody hears
what is not theirs.
"""

from typing import Any

import pytest

from chat.live.hints import desk_room, member_room, officer_room, rooms_of, staff_room
from chat.talk.access import reads
from chat.talk.deadlines import FIRST_REPLY
from tests.chat.office import said

FACTS = ("version", "state", "desk", "case", "officer", "owner", "promised_at", "closed")


class Reader:
    """A client after the book: a snapshot, joined rooms, and what it makes of each hint and each page."""

    def __init__(self, chat: Any, actor: Any, conversation: str) -> None:
        self.chat, self.actor, self.id = chat, actor, conversation
        self.rooms = {*rooms_of(actor), *([staff_room(conversation)] if actor.is_staff else [])}
        self.view = chat.get(actor, conversation)
        self.messages: list[dict[str, Any]] = []
        self.catch_up()

    def catch_up(self) -> None:
        """Fetch what is missing of the public stream."""
        last = self.messages[-1]["seq"] if self.messages else 0
        for one in self.chat.messages(self.actor, self.id, "public", last, 200)["items"]:
            self._take(one)

    def hear(self, event: str, payload: dict[str, Any], rooms: list[str]) -> None:
        """Take a hint, if it comes to one of the rooms one is in."""
        if not self.rooms.intersection(rooms) or payload["conversation"] != self.id:
            return
        if event == "message" and payload["stream"] == "public":
            self._take(payload)
        elif event == "receipt":
            self._seen(payload)
        elif event == "queue":
            self.view["queue"] = {name: payload[name] for name in ("position", "wait")}
        elif event == "state":
            self._facts(payload)

    def _take(self, message: dict[str, Any]) -> None:
        if self.messages and message["seq"] <= self.messages[-1]["seq"]:
            return
        assert message["seq"] == (self.messages[-1]["seq"] + 1 if self.messages else 1), "a gap"
        self.messages.append(message)
        self.view["last_seq"] = message["seq"]
        if message["kind"] == "event":
            self._facts(message["event"])
            if "block" in message["event"]:
                told = message["event"]["block"]
                stopped = {"until": told["until"], "reason": told["reason"]}
                self.view["blocked"] = stopped if message["event"]["type"] == "blocked" else None
        self._count()

    def _facts(self, facts: dict[str, Any]) -> None:
        if facts.get("version", 0) >= self.view["version"]:
            self.view |= {name: facts[name] for name in FACTS if name in facts}
        if self.view["state"] != "queued":
            self.view["queue"] = None

    def _seen(self, payload: dict[str, Any]) -> None:
        seen = {name: payload[name] for name in ("delivered_seq", "read_seq")}
        if payload["member"]["id"] == self.actor.id:
            self.view |= seen
        if payload["member"]["kind"] != self.actor.kind:
            peer = self.view["peer"]
            self.view["peer"] = {name: max(peer[name], seen[name]) for name in peer}
        self._count()

    def _count(self) -> None:
        self.view["unread"] = sum(
            one["seq"] > self.view["read_seq"] and one["kind"] != "event" and one["sender"]["id"] != self.actor.id
            for one in self.messages
        )


ACTS = {
    "citizen posts": lambda c: c.chat.post(c.citizen, c.talk, said("问")),
    "officer claims": lambda c: c.chat.handling.claim(c.officer, c.talk),
    "officer ties it to a case": lambda c: c.chat.ties.tie(c.officer, c.talk, "XC-1"),
    "officer posts": lambda c: c.chat.post(c.officer, c.talk, said("答")),
    "officer notes": lambda c: c.chat.post(c.officer, c.talk, said("暗语", kind="note")),
    "citizen's device has it": lambda c: c.chat.delivered(c.citizen, c.talk, 4),
    "citizen reads": lambda c: c.chat.read(c.citizen, c.talk, 4),
    "officer reads": lambda c: c.chat.read(c.officer, c.talk, 2),
    "officer hands over": lambda c: c.chat.handling.transfer(
        c.officer, c.talk, {"officer": c.colleague.id}, "暗语：请你来"
    ),
    "colleague reads": lambda c: c.chat.read(c.colleague, c.talk, 3),
    "colleague sends it to a desk": lambda c: c.chat.handling.transfer(c.colleague, c.talk, {"desk": "XC-H02"}, "暗语"),
    "that desk claims": lambda c: c.chat.handling.claim(c.clerk, c.talk),
    "its head whispers": lambda c: c.chat.post(c.leader, c.talk, said("暗语：看第三条", kind="note")),
    "its head takes over": lambda c: c.chat.handling.take_over(c.leader, c.talk, "暗语：我来"),
    "its head answers": lambda c: c.chat.post(c.leader, c.talk, said("请看第三条")),
    "its head blocks": lambda c: c.blocks(c.leader),
    "its head lifts it": lambda c: c.chat.blocks.lift(c.leader, "b1"),
    "its head gives it back": lambda c: c.gives_back(),
    "that desk closes": lambda c: c.chat.handling.end(c.clerk, c.talk, "已答复"),
    "citizen reopens": lambda c: c.chat.handling.reopen(c.citizen, c.talk),
    "citizen leaves it as a message": lambda c: c.chat.handling.leave_message(c.citizen, c.talk),
    "that desk claims it again": lambda c: c.chat.handling.claim(c.clerk, c.talk),
    "nobody answers": lambda c: c.silence(),
    "the office gives it to somebody": lambda c: c.chat.officers.set_presence(c.clerk, {"takes": "push"}),
    "citizen closes": lambda c: c.chat.handling.end(c.citizen, c.talk, None),
}


class Scene:
    """A conversation, its people, and the acts in their order."""

    def __init__(self, chat: Any, office: Any, citizen: Any, officer: Any, talk: str, clock: Any) -> None:
        self.clock = clock
        self.chat, self.citizen, self.officer, self.talk = chat, citizen, officer, talk
        self.colleague, self.stranger = office.officer("李审批", "handler"), office.citizen("李四")
        self.clerk = office.officer("赵窗口", point="XC-H02")
        self.leader = office.officer("钱主任", "head", point="XC-H02")
        chat.officers.set_presence(self.colleague, {"state": "here"})
        office.mine["case", "XC-1"] = citizen.id
        chat._queues.pause = 0

    def silence(self) -> None:
        """So much time passes that what was taken and not answered goes back."""
        self.clock.move(seconds=FIRST_REPLY.total_seconds() + 1)
        self.chat.step(self.clock())

    def blocks(self, who: Any) -> None:
        """Somebody stops the citizen's words for two hours."""
        self.chat.blocks.block(who, "b1", self.talk, {"hours": 2, "reason": "辱骂"})

    def gives_back(self) -> None:
        """The head hands it to the clerk, who is there."""
        self.chat.officers.set_presence(self.clerk, {"state": "here"})
        self.chat.handling.transfer(self.leader, self.talk, {"officer": self.clerk.id}, None)

    def reads(self, who: Any) -> bool:
        """Whether the conversation is there for somebody now."""
        return reads(self.chat._store.conversation(self.talk), who)

    @property
    def readers(self) -> list[Any]:
        return [one for one in (self.citizen, self.officer, self.colleague, self.clerk) if self.reads(one)]


@pytest.fixture
def scene(chat, office, citizen, officer, ask, heard, clock):
    return Scene(chat, office, citizen, officer, ask("第一问"), clock)


def test_a_snapshot_and_the_hints_after_it_are_a_fresh_snapshot_for_every_act_from_every_start(scene, heard):
    followers: list[Reader] = []
    for name, act in ACTS.items():
        followers += [Reader(scene.chat, who, scene.talk) for who in scene.readers]
        heard.clear()
        act(scene)
        followers = [one for one in followers if scene.reads(one.actor)]
        for follower in followers:
            for hint in heard:
                follower.hear(*hint)
            assert follower.view == scene.chat.get(follower.actor, scene.talk), name


def test_with_every_hint_lost_the_stream_alone_tells_the_state(scene):
    readers = [Reader(scene.chat, who, scene.talk) for who in scene.readers]
    for name, act in ACTS.items():
        act(scene)
        readers = [one for one in readers if scene.reads(one.actor)]
        for reader in readers:
            reader.catch_up()
            fresh = scene.chat.get(reader.actor, scene.talk)
            same = (*FACTS, "last_seq")
            assert {key: reader.view[key] for key in same} == {key: fresh[key] for key in same}, name


def test_hints_that_come_twice_or_late_change_nothing(scene, heard):
    reader = Reader(scene.chat, scene.citizen, scene.talk)
    for act in ACTS.values():
        act(scene)
    for hint in [*heard, *heard]:
        reader.hear(*hint)
    assert reader.view == scene.chat.get(scene.citizen, scene.talk)


def test_no_read_path_and_no_hint_shows_a_note_to_a_citizen_not_even_as_a_hole(scene, heard):
    for act in ACTS.values():
        act(scene)
    chat, citizen, talk = scene.chat, scene.citizen, scene.talk
    items = chat.messages(citizen, talk, "public", 0, 200)["items"]
    assert [one["seq"] for one in items] == list(range(1, len(items) + 1))
    shown = [
        items,
        chat.get(citizen, talk),
        chat.created(citizen, talk),
        chat.mine(citizen, None, 9),
        [payload for _, payload, rooms in heard if member_room(citizen.id) in rooms],
    ]
    assert "暗语" not in repr(shown)
    assert {one["stream"] for one in items} == {"public"}
    assert chat.get(citizen, talk)["last_seq"] == len(items)
    notes = chat.messages(scene.officer, talk, "staff", 0, 200)["items"]
    assert [one["text"] for one in notes] == ["暗语", "暗语：请你来", "暗语", "暗语：看第三条", "暗语：我来"]


def test_every_event_stays_with_the_people_of_its_conversation_and_the_desks(scene, heard):
    for act in ACTS.values():
        act(scene)
    officers = {officer_room(one.id) for one in (scene.officer, scene.colleague, scene.clerk, scene.leader)}
    rooms_of_talk = {member_room(scene.citizen.id), staff_room(scene.talk)}
    allowed = officers | rooms_of_talk | {desk_room("XC-H01"), desk_room("XC-H02")}
    assert {event for event, _, _ in heard} == {"message", "state", "assigned", "receipt", "queue"}
    for event, payload, rooms in heard:
        assert set(rooms) <= allowed, event
        if payload.get("stream") == "staff":
            assert member_room(scene.citizen.id) not in rooms
    assert member_room(scene.stranger.id) not in {room for _, _, rooms in heard for room in rooms}


def test_an_officer_who_handed_it_over_no_longer_hears_it_at_home(scene, heard):
    scene.chat.handling.claim(scene.officer, scene.talk)
    scene.chat.handling.transfer(scene.officer, scene.talk, {"officer": scene.colleague.id}, None)
    heard.clear()
    scene.chat.post(scene.citizen, scene.talk, said("还在吗？"))
    [(_, _, rooms)] = heard
    assert rooms == [member_room(scene.citizen.id), staff_room(scene.talk), officer_room(scene.colleague.id)]
