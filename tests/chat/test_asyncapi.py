"""`/asyncapi.json` says of the socket what its code does."""

import re
from typing import Any
from uuid import uuid4

import pytest

from api.web.problems import preferred
from chat.asyncapi import RECEIVED, SENT, describe
from chat.namespace import ChatSocket
from chat.talk.access import EVENT_ROLES
from tests.chat.office import said
from tests.chat.test_namespace import Server


def fits(name: str, payload: Any) -> None:
    """Raises ValidationError where a payload is not as its message says, or holds what it does not name."""
    from jsonschema import Draft202012Validator  # seconds, which only the worker that comes here need spend

    description = describe()
    wanted = description["components"]["messages"][name]["payload"]
    Draft202012Validator({**wanted, "components": description["components"]}).validate(payload)
    shape = description["components"]["schemas"][wanted["$ref"].rsplit("/", 1)[1]]
    if name != "told.notice":
        assert set(payload) <= set(shape["properties"]), name


@pytest.fixture
def door(chat, office) -> ChatSocket:
    return ChatSocket(chat, Server(), office.actor, preferred)


@pytest.fixture
def socket(door, citizen, officer, office):
    """All are connected; gives (who, event, body) -> acknowledgement."""
    for sid, who in (("citizen", citizen), ("officer", officer), ("head", office.officer("钱主任", "head"))):
        door.connect(sid, {}, {"token": who.token})
    return lambda sid, event, body: door.handler(event)(sid, body)


def test_every_event_is_described_and_nothing_else(door):
    assert set(RECEIVED) == set(EVENT_ROLES) == set(door.acts)


def test_every_reference_leads_somewhere():
    description = describe()

    def there(reference: str) -> None:
        place = description
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]

    references = re.findall(r"'\$ref': '([^']+)'", repr(description))
    assert len(references) > 50
    for reference in references:
        there(reference)


def test_whoever_may_send_an_event_is_named_with_it():
    for name, roles in EVENT_ROLES.items():
        assert all(role in describe()["operations"][name]["description"] for role in roles)


def test_acknowledgements_and_events_are_as_described(socket, heard, chat, citizen, officer, ask, office):
    talk = {"conversation": ask("在吗？")}
    colleague = office.officer("李窗口")
    chat.officers.set_presence(colleague, {"state": "here"})
    acts = [
        ("citizen", "join", {**talk, "after_seq": 0}),
        ("officer", "presence", {"state": "here", "takes": "pull", "skills": ["户籍"], "capacity": 3}),
        ("officer", "claim", talk),
        ("officer", "post", {**talk, **said("您好 13800138000")}),
        ("officer", "post", {**talk, **said("备注", kind="note")}),
        (
            "citizen",
            "post",
            {**talk, "client_id": str(uuid4()), "kind": "card", "card": {"type": "guide", "ref": "0101"}},
        ),
        ("citizen", "post", {**talk, "client_id": str(uuid4()), "kind": "location", "location": {"lon": 1, "lat": 2}}),
        ("citizen", "delivered", {**talk, "seq": 3}),
        ("citizen", "read", {**talk, "seq": 3}),
        ("citizen", "typing", talk),
        ("citizen", "refresh", {"token": citizen.token}),
        ("officer", "transfer", {**talk, "to": {"officer": colleague.id}, "reason": "请看"}),
        ("head", "takeover", {**talk, "reason": "我来"}),
        ("citizen", "close", {**talk, "reason": "好了"}),
        ("citizen", "leave", talk),
    ]
    assert {event for _, event, _ in acts} == set(RECEIVED)
    for who, event, body in acts:
        fits(event, body)
        answer = socket(who, event, body)
        assert answer["ok"], (event, answer)
        fits(f"{event}.ack", answer)
    chat.live.push(citizen.id, {"kind": "notice"})
    chat._queues.pause = 0
    ask("又来了")
    assert {event for event, _, _ in heard} == set(SENT)
    for event, payload, _ in heard:
        fits(f"told.{event}", payload)


def test_refusals_are_as_described(socket, ask):
    for event, body in (("post", {"conversation": ask()}), ("join", {"conversation": "nowhere"}), ("claim", None)):
        refused = socket("citizen", event, body)
        assert not refused["ok"]
        fits("refused", refused)
