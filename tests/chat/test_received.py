"""What comes over the socket is cleaned as over HTTP, and refused by field in the language of the connection."""

from uuid import uuid4

import pytest

from api.texts import written_json
from api.web.field_words import field_words
from api.web.problems import preferred
from chat.namespace import ChatSocket
from chat.refusals import BadFields
from chat.talk.received import MOST_DEPTH, read_body
from tests.chat.test_namespace import Server


@pytest.fixture
def door(chat, office, citizen, officer):
    """A citizen (zh, en) and an officer (desk_zh, desk_en), each connected in both languages."""
    door = ChatSocket(chat, Server(), office.actor, preferred, words_of=field_words)
    for language in ("zh", "en"):
        door.connect(language, {"HTTP_ACCEPT_LANGUAGE": language}, {"token": citizen.token})
        door.connect(f"desk_{language}", {"HTTP_ACCEPT_LANGUAGE": language}, {"token": officer.token})
    return door


CLEANED = [
    {"text": "a\u202eb"},
    {"text": "\u200b\u2060"},
    {"card": {"type": "point", "ref": "XC\u200e-H01"}},
    {"skills": ["食\u2066品", " \u3000"]},
    {"seq": 3, "more": None, "yes": True, "part": 0.5},
    {"emoji": "👨\u200d👩\u200d👧", "name": "\U0002ebf0"},
]


@pytest.mark.parametrize("body", CLEANED)
def test_an_event_is_cleaned_as_a_body_over_http_is(body):
    assert read_body(body) == written_json(body)
    assert read_body(read_body(body)) == read_body(body)


def test_a_token_is_kept_as_it_is():
    assert read_body({"token": "a\u200eb"}) == {"token": "a\u200eb"}


def nested(depth):
    return {"a": nested(depth - 1)} if depth else "x"


REFUSED = {
    "no object": ("x", "body"),
    "a list": ([], "body"),
    "nothing": (None, "body"),
    "half a character": ({"text": "\ud83d"}, "text"),
    "half a character, deep": ({"card": {"ref": ["\ude00"]}}, "card.ref"),
    "half a character in a name": ({"\ud83d": "x"}, "body"),
    "half a character under a name": ({"to": {"\ud83d": "x"}}, "to"),
    "a NUL": ({"reason": "a\0b"}, "reason"),
    "a NUL in a name": ({"to": {"a\0": "x"}}, "to"),
    "nested too deeply": (nested(MOST_DEPTH + 2), "a" + ".a" * MOST_DEPTH),
}


@pytest.mark.parametrize(("body", "field"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_stored_is_refused_by_field(body, field):
    with pytest.raises(BadFields) as refused:
        read_body(body)
    assert list(refused.value.errors) == [field]


WRONG = [
    ("zh", "post", {"client_id": "x", "kind": "text", "text": "您好"}),
    ("zh", "post", {"client_id": str(uuid4()), "kind": "text", "text": "\u200b"}),
    ("zh", "post", {"client_id": str(uuid4()), "kind": "text", "text": "长" * 2_001}),
    ("zh", "post", {"client_id": str(uuid4()), "kind": "card", "card": {"type": "x"}}),
    ("zh", "post", {"client_id": str(uuid4()), "kind": "location", "location": {"lon": 200, "lat": 34}}),
    ("zh", "post", {"client_id": str(uuid4()), "kind": "text", "text": "\ud83d"}),
    ("zh", "read", {"seq": "x"}),
    ("desk_zh", "presence", {"state": "x", "takes": "y", "capacity": 0, "skills": "z"}),
    ("desk_zh", "transfer", {"to": {"desk": "nowhere"}}),
    ("desk_zh", "close", {"reason": "长" * 201}),
]
"""Who sends, which event, and a body that is refused."""


@pytest.mark.parametrize(("who", "event", "body"), WRONG)
def test_why_a_field_is_refused_is_said_in_the_language_of_the_connection(door, ask, who, event, body):
    body = {"conversation": ask(), **body}
    chinese = door.handler(event)(who, body)["errors"]
    english = door.handler(event)(who.replace("zh", "en"), body)["errors"]
    assert list(chinese) == list(english)
    assert not any(why.isascii() for reasons in chinese.values() for why in reasons)
    assert all(why.isascii() for reasons in english.values() for why in reasons)


@pytest.mark.parametrize("text", ["\ud83d", "a\0b"])
@pytest.mark.parametrize("event", ["join", "leave", "post", "delivered", "read", "typing", "refresh"])
def test_an_id_that_cannot_be_one_is_refused_and_not_called_a_failure_of_ours(door, text, event, caplog):
    answer = door.handler(event)("zh", {"conversation": text, "client_id": text, "token": text, "seq": 1})
    assert answer["code"] == "bad_fields"
    assert caplog.records == []


def test_a_token_that_cannot_be_one_is_refused_at_the_door(door, caplog):
    for token in ("\ud83d", "a\0b", "长" * 9_000):
        with pytest.raises(Exception) as refused:  # noqa: PT011 - of the socket's library
            door.connect("new", {}, {"token": token})
        assert refused.value.error_args["data"]["code"] == "token_bad"
    assert caplog.records == []


def test_a_post_that_names_no_conversation_of_ours_is_not_waited_for(door, ask, chat, monkeypatch):
    """It can never be stored, so no later post waits for it, whatever it was refused with."""
    talk = ask()
    body = {"client_id": "\ud83d", "conversation": talk, "kind": "text", "text": "一"}
    with monkeypatch.context() as patch:
        patch.setattr(chat.events, "take", lambda sid: 1 / 0)
        assert door.handler("post")("zh", body)["code"] == "unavailable"
    assert door.handler("post")("zh", {**body, "client_id": str(uuid4())})["ok"]
