"""What each connected person hears of each act, field by field, against a table written by hand: no more than they may
read over HTTP."""

from collections import defaultdict
from dataclasses import replace
from uuid import uuid4

import pytest

from api.web.problems import preferred
from chat.namespace import ChatSocket
from tests.chat.office import said
from tests.chat.test_namespace import Server

STATE = "conversation version state desk case officer owner promised_at closed"
AT_DESK = "conversation version state"
TEXT = "conversation stream seq id client_id kind sender at text"
EVENT = "conversation stream seq id client_id kind sender at event"
CARD = "conversation stream seq id client_id kind sender at card{type,ref,title}"
BARE = "conversation stream seq id client_id kind sender at card{type}"
RECEIPT = "conversation member{id,kind} delivered_seq read_seq"
TYPING = "conversation member{id,kind,name}"
ASSIGNED = "conversation officer"
QUEUE = "conversation position wait"

FOLLOWS = ("owner", "colleague", "head", "supervisor")
"""Staff who joined it: its officer, a colleague, the head of the desk, a supervisor of all desks."""

MUST = {
    # act: who -> events with their fields; everybody who is not named hears nothing
    "opens": {
        "citizen": [f"message {EVENT}", f"message {TEXT}", f"state {STATE}", f"queue {QUEUE}"],
        **dict.fromkeys(("owner", "colleague", "head", "silent colleague"), [f"state {AT_DESK}"]),
    },
    "claims": {
        "citizen": [f"message {EVENT}", f"state {STATE}", f"assigned {ASSIGNED}"],
        "owner": [f"message {EVENT}", f"state {STATE}", f"state {AT_DESK}", f"assigned {ASSIGNED}"],
        **dict.fromkeys(
            ("colleague", "head"), [f"message {EVENT}", f"state {STATE}", f"state {AT_DESK}", f"assigned {ASSIGNED}"]
        ),
        "supervisor": [f"message {EVENT}", f"state {STATE}", f"assigned {ASSIGNED}"],
        "silent colleague": [f"state {AT_DESK}"],
    },
    "citizen posts": dict.fromkeys(("citizen", *FOLLOWS), [f"message {TEXT}"]),
    "citizen sends a card of a case of theirs": {
        "citizen": [f"message {CARD}"],
        **dict.fromkeys(FOLLOWS, [f"message {BARE}"]),
    },
    "officer sends a card of a guide": dict.fromkeys(("citizen", *FOLLOWS), [f"message {CARD}"]),
    "officer notes": dict.fromkeys(FOLLOWS, [f"message {TEXT}"]),
    "citizen reads": dict.fromkeys(("citizen", *FOLLOWS), [f"receipt {RECEIPT}"]),
    "officer reads": dict.fromkeys(("citizen", "owner"), [f"receipt {RECEIPT}"]),
    "citizen types": dict.fromkeys(FOLLOWS, [f"typing {TYPING}"]),
    "officer types": dict.fromkeys(("citizen", "colleague", "head", "supervisor"), [f"typing {TYPING}"]),
    "goes to another desk": {
        "citizen": [f"message {EVENT}", f"state {STATE}", f"queue {QUEUE}"],
        "owner": [f"message {EVENT}", f"message {TEXT}", f"state {STATE}", "state conversation", f"queue {QUEUE}"],
        "supervisor": [f"message {EVENT}", f"message {TEXT}", f"state {STATE}", f"queue {QUEUE}"],
        **dict.fromkeys(("colleague", "head", "silent colleague"), ["state conversation"]),
        "clerk there": [f"state {AT_DESK}"],
    },
    "is closed": {
        "citizen": [f"message {EVENT}", f"state {STATE}"],
        **dict.fromkeys(("owner", "supervisor"), [f"message {EVENT}", f"state {STATE}"]),
        "clerk there": [f"state {AT_DESK}"],
    },
    "a notice comes for each": dict.fromkeys(
        ("citizen", "stranger", *FOLLOWS, "silent colleague", "clerk there", "admin"), ["notice id kind"]
    ),
}

ACTS = {
    "opens": lambda s: s.ask("在吗？"),
    "claims": lambda s: s.chat.handling.claim(s.owner, s.talk),
    "citizen posts": lambda s: s.chat.post(s.citizen, s.talk, said("问")),
    "citizen sends a card of a case of theirs": lambda s: s.card(s.citizen, "case", "XC-1"),
    "officer sends a card of a guide": lambda s: s.card(s.owner, "guide", "0101"),
    "officer notes": lambda s: s.chat.post(s.owner, s.talk, said("备注", kind="note")),
    "citizen reads": lambda s: s.chat.read(s.citizen, s.talk, 3),
    "officer reads": lambda s: s.chat.read(s.owner, s.talk, 3),
    "citizen types": lambda s: s.chat.typing(s.citizen, s.talk, "citizen"),
    "officer types": lambda s: s.chat.typing(s.owner, s.talk, "owner"),
    "goes to another desk": lambda s: s.chat.handling.transfer(s.owner, s.talk, {"desk": "XC-H02"}, "那边办"),
    "is closed": lambda s: s.chat.handling.end(s.citizen, s.talk, "谢谢"),
    "a notice comes for each": lambda s: [
        s.chat.live.push(who.id, {"id": "n1", "kind": "x"}) for who in s.people.values()
    ],
}


class Scene:
    """Everybody there can be, all connected, and whoever may follow the conversation follows it."""

    def __init__(self, chat, office, citizen, ask):
        self.chat, self.office, self.citizen, self._ask = chat, office, citizen, ask
        self.people = {
            "citizen": citizen,
            "stranger": office.citizen("李四"),
            "owner": office.officer("王窗口"),
            "colleague": office.officer("李审批", "handler"),
            "silent colleague": office.officer("孙窗口"),
            "clerk there": office.officer("赵窗口", point="XC-H02"),
            "head": office.officer("钱主任", "head"),
            "supervisor": office.officer("周监督", "supervisor", point=None),
            "admin": office.officer("吴管理", "admin"),
            "newcomer": replace(office.officer("郑新人"), roles=frozenset({"newcomer"})),
        }
        office.people |= {who.token: who for who in self.people.values()}
        office.mine["case", "XC-1"] = citizen.id
        self.owner, self.talk = self.people["owner"], ""
        self.server = Server()
        self.socket = ChatSocket(chat, self.server, office.actor, preferred)
        chat.live.drop_readers = self.socket.drop_readers
        chat._queues.pause = 0
        for name, who in self.people.items():
            self.server.enter_room(name, name, "/chat")  # as Socket.IO does
            self.socket.connect(name, {}, {"token": who.token})
        self.heard = defaultdict(list)
        chat.live.emit = self.emit

    def emit(self, event, payload, rooms, *, skip=None):
        """Note who is in one of the rooms."""
        for name in self.people:
            if name != skip and any((name, room) in self.server.rooms for room in rooms):
                self.heard[name].append(f"{event} {fields_of(payload)}")

    def ask(self, text):
        """The citizen opens it."""
        self.talk = self._ask(text)

    def card(self, who, type, ref):
        """Somebody sends a card."""
        body = {"client_id": str(uuid4()), "kind": "card", "card": {"type": type, "ref": ref}}
        self.chat.post(who, self.talk, body)


def fields_of(payload):
    """The names of an event's fields; of a card and a member also the inner ones."""
    return " ".join(
        f"{name}{{{','.join(value)}}}" if name in {"card", "member"} else name for name, value in payload.items()
    )


def test_everybody_hears_of_every_act_exactly_what_they_may_read(chat, office, citizen, ask):
    scene = Scene(chat, office, citizen, ask)
    assert list(ACTS) == list(MUST)
    for act, do in ACTS.items():
        scene.heard.clear()
        do(scene)
        told = {name: sorted(events) for name, events in scene.heard.items()}
        assert told == {name: sorted(events) for name, events in MUST[act].items()}, act
        for name in FOLLOWS if act == "opens" else ():
            assert scene.socket.handler("join")(name, {"conversation": scene.talk})["ok"]


@pytest.mark.parametrize("name", ["newcomer", "admin"])
def test_who_may_not_read_conversations_hears_none_though_posted_to_the_desk_or_named_as_its_officer(
    chat, office, citizen, ask, name
):
    scene = Scene(chat, office, citizen, ask)
    scene.ask("在吗？")
    worker = replace(scene.people[name], roles=frozenset({"staff", "window"}))
    chat.handling.claim(worker, scene.talk)
    scene.heard.clear()
    chat.post(citizen, scene.talk, said("问"))
    chat.handling.end(citizen, scene.talk, None)
    assert name not in scene.heard


def test_a_newcomer_hears_the_desk_from_the_moment_they_may_work_and_no_longer_than_that(chat, office, citizen, ask):
    scene = Scene(chat, office, citizen, ask)
    newcomer = scene.people["newcomer"]
    office.people[newcomer.token] = replace(newcomer, roles=frozenset({"staff", "window"}))
    scene.socket.check_all()
    scene.ask("在吗？")
    assert scene.heard["newcomer"] == [f"state {AT_DESK}"]
    office.people[newcomer.token] = newcomer
    scene.socket.check_all()
    assert scene.server.gone == ["newcomer"]


def test_who_is_posted_to_another_desk_connects_again_and_hears_that_one(chat, office, citizen, ask):
    scene = Scene(chat, office, citizen, ask)
    colleague = scene.people["silent colleague"]
    office.people[colleague.token] = replace(colleague, point="XC-H02")
    answer = scene.socket.handler("typing")("silent colleague", {"conversation": "x"})
    assert (answer["code"], scene.server.gone) == ("token_bad", ["silent colleague"])
    scene.socket.connect("again", {}, {"token": colleague.token})
    assert ("again", "desk:XC-H02") in scene.server.rooms
    assert ("again", "desk:XC-H01") not in scene.server.rooms


def test_a_card_that_was_missed_is_bare_for_staff_too(chat, office, citizen, ask):
    scene = Scene(chat, office, citizen, ask)
    scene.ask("在吗？")
    scene.socket.handler("join")("colleague", {"conversation": scene.talk})
    chat.live.emit_here = scene.emit
    scene.card(citizen, "case", "XC-1")
    row = chat._store.page(scene.talk, "public", 2, 1)[0]
    scene.heard.clear()
    conversation = chat._store.conversation(scene.talk)
    chat.live.missed_message(*_sides(chat, row, conversation))
    assert scene.heard == {"citizen": [f"message {CARD}"], "colleague": [f"message {BARE}"]}


def _sides(chat, row, conversation):
    view, staff_view = chat._views.for_both_sides(row, conversation)
    return view, conversation, staff_view
