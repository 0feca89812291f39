"""A client that sends on without waiting: its order holds across refusals, and every event has an answer."""

import random
from typing import Any
from uuid import uuid4

import pytest

from api.web.problems import preferred
from chat.asyncapi import describe
from chat.live import sender_order
from chat.live.sender_order import MOST_CONVERSATIONS, MOST_HELD, SenderOrder
from chat.namespace import ChatSocket
from chat.refusals import ConversationClosed, EarlierUnknown, TooOften, Unavailable
from chat.talk.store import Unsettled
from tests.chat.office import said
from tests.chat.test_asyncapi import fits
from tests.chat.test_namespace import Server


class Stalls:
    """What goes wrong when; each call of the wrapped function takes the next word of its list."""

    def __init__(self, call: Any, errors: list[Exception | None]) -> None:
        self.call, self.errors = call, errors

    def __call__(self, *given: Any) -> Any:
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        return self.call(*given)


@pytest.fixture(autouse=True)
def looks(monkeypatch):
    """Every post looks for the earlier one in the store."""
    monkeypatch.setattr(sender_order, "LOOK_SECONDS", 0)


@pytest.fixture
def door(chat, office, citizen) -> ChatSocket:
    """The citizen is connected as c."""
    socket = ChatSocket(chat, Server(), office.actor, preferred)
    socket.connect("c", {}, {"token": citizen.token})
    return socket


@pytest.fixture
def texts(chat, citizen):
    """The texts of a conversation in their order."""

    def stored(conversation: str) -> list[str]:
        return [row["text"] for row in chat.messages(citizen, conversation, "public", 0, 200)["items"] if "text" in row]

    return stored


def posts(conversation: str, count: int) -> list[dict[str, Any]]:
    return [{"conversation": conversation, **said(str(number))} for number in range(count)]


def sent(door: ChatSocket, bodies: list[dict[str, Any]]) -> list[str]:
    """The answers to posts that were sent without waiting: ok, or the code of the refusal."""
    answers = [door.handler("post")("c", body) for body in bodies]
    for answer in answers:
        fits("post.ack" if answer["ok"] else "refused", answer)
    return ["ok" if answer["ok"] else answer["code"] for answer in answers]


def test_a_look_up_of_the_log_in_that_fails_is_answered_and_nothing_overtakes_the_post(door, ask, texts):
    conversation = ask()
    door._actor_of = Stalls(door._actor_of, [None, ConnectionError("the store hangs")])
    first, second, third = posts(conversation, 3)
    assert sent(door, [first, second, third]) == ["ok", "unavailable", "earlier_unknown"]
    assert sent(door, [second, third]) == ["ok", "ok"]
    assert texts(conversation) == ["0", "1", "2"]


def test_every_event_is_answered_when_the_look_up_of_the_log_in_fails(door, ask):
    conversation = ask()
    for event in door.acts:
        door._actor_of = Stalls(door._actor_of, [ConnectionError("the store hangs")])
        answer = door.handler(event)("c", {"conversation": conversation})
        assert (answer["ok"], answer["code"]) == (False, "unavailable"), event
        fits("refused", answer)


def test_a_connection_whose_log_in_cannot_be_looked_up_is_refused_in_words(door, citizen):
    door._actor_of = Stalls(door._actor_of, [ConnectionError("the store hangs")])
    with pytest.raises(Exception, match="系统暂时繁忙") as refusal:
        door.connect("d", {}, {"token": citizen.token})
    assert refusal.value.error_args["data"]["code"] == "unavailable"


@pytest.mark.parametrize("refusal", [Unavailable(retry_after=1), Unavailable(), TooOften(retry_after=1), OSError()])
def test_what_follows_a_post_without_a_durable_answer_waits_until_it_was_sent_again(
    door, chat, ask, texts, monkeypatch, refusal
):
    conversation = ask()
    monkeypatch.setattr(chat, "post", Stalls(chat.post, [None, refusal]))
    bodies = posts(conversation, 5)
    first_answers = sent(door, bodies[:4])
    assert (first_answers[0], first_answers[2:]) == ("ok", ["earlier_unknown"] * 2)
    assert sent(door, bodies[4:]) == ["earlier_unknown"], "a later one too"
    assert sent(door, bodies[2:3]) == ["earlier_unknown"], "and the next one, sent again alone"
    assert sent(door, bodies[1:]) == ["ok"] * 4
    assert texts(conversation) == list("01234")


def test_a_refusal_names_the_post_that_comes_first(door, chat, ask, monkeypatch):
    conversation = ask()
    monkeypatch.setattr(chat, "post", Stalls(chat.post, [Unavailable(retry_after=1)]))
    first, second = posts(conversation, 2)
    sent(door, [first])
    answer = door.handler("post")("c", second)
    assert (answer["earlier"], answer["retry_after"]) == (first["client_id"], 1)


def test_after_a_refusal_for_good_the_next_post_is_taken(door, chat, ask, texts, monkeypatch):
    conversation = ask()
    monkeypatch.setattr(
        chat, "post", Stalls(chat.post, [ConversationClosed(), None, Unavailable(), ConversationClosed()])
    )
    first, second, third, fourth = posts(conversation, 4)
    assert sent(door, [first, second]) == ["conversation_closed", "ok"]
    assert sent(door, [third, third, fourth]) == ["unavailable", "conversation_closed", "ok"]
    assert texts(conversation) == ["1", "3"]


def test_a_post_that_was_stored_after_all_lets_the_next_refused_one_pass_and_no_later_one(
    door, chat, citizen, ask, texts, monkeypatch
):
    """As by another tab, or by a write that the store carried out late."""
    conversation, post = ask(), chat.post
    monkeypatch.setattr(chat, "post", Stalls(post, [Unavailable(retry_after=1)]))
    first, second, third = posts(conversation, 3)
    assert sent(door, [first, second]) == ["unavailable", "earlier_unknown"]
    post(citizen, conversation, first)
    assert sent(door, [third]) == ["earlier_unknown"], "the second was refused too, and comes first"
    assert sent(door, [second, third]) == ["ok", "ok"]
    assert texts(conversation) == ["0", "1", "2"]


def test_while_the_store_is_away_only_one_post_a_second_looks_for_the_earlier_one(door, chat, ask, monkeypatch):
    conversation, looked = ask(), []
    monkeypatch.setattr(sender_order, "LOOK_SECONDS", 60)

    def away(client_ids: list[str]) -> list[Any]:
        looked.append(client_ids)
        raise Unsettled

    monkeypatch.setattr(chat._store, "stored", away)
    monkeypatch.setattr(chat, "post", Stalls(chat.post, [Unavailable(retry_after=1)]))
    assert sent(door, posts(conversation, 20)) == ["unavailable", *["earlier_unknown"] * 19]
    assert len(looked) == 1


def test_other_conversations_other_connections_and_other_events_go_on(door, chat, citizen, ask, monkeypatch):
    one, two = ask(), ask()
    door.connect("d", {}, {"token": citizen.token})
    monkeypatch.setattr(chat, "post", Stalls(chat.post, [Unavailable(retry_after=1)]))
    assert sent(door, [*posts(one, 2), *posts(two, 1)]) == ["unavailable", "earlier_unknown", "ok"]
    assert door.handler("post")("d", posts(one, 1)[0])["ok"]
    assert door.handler("typing")("c", {"conversation": one})["ok"]


def test_a_note_does_not_overtake_a_text_either(door, chat, officer, ask, monkeypatch):
    conversation = ask()
    door.connect("o", {}, {"token": officer.token})
    chat.handling.claim(officer, conversation)
    monkeypatch.setattr(chat, "post", Stalls(chat.post, [Unavailable(retry_after=1)]))
    text, note = posts(conversation, 1)[0], {"conversation": conversation, **said("备注", kind="note")}
    assert [door.handler("post")("o", body).get("code") for body in (text, note)] == ["unavailable", "earlier_unknown"]


@pytest.mark.parametrize("body", [None, 7, [], {}, {"conversation": 7}, {"conversation": "x" * 101, "client_id": "y"}])
def test_what_is_no_post_is_refused_and_holds_nothing_up(door, ask, body):
    conversation = ask()
    assert sent(door, [body])[0] in {"bad_fields", "not_found"}
    assert sent(door, posts(conversation, 1)) == ["ok"]


@pytest.mark.parametrize("seed", range(6))
def test_whatever_fails_and_however_a_client_sends_again_the_order_holds(door, chat, ask, texts, monkeypatch, seed):
    dice, conversation = random.Random(seed), ask()
    errors = [dice.choice([None, None, Unavailable(retry_after=1), TooOften(retry_after=1)]) for _ in range(40)]
    monkeypatch.setattr(chat, "post", Stalls(chat.post, errors))
    waiting = posts(conversation, 30)
    goes_back = dice.random() < 0.5
    while waiting:
        window = waiting[: dice.randint(1, 8)]
        refused = [body for body, answer in zip(window, sent(door, window), strict=True) if answer != "ok"]
        if goes_back or dice.random() < 0.5:
            waiting = [*refused, *waiting[len(window) :]]
        else:
            waiting = [*waiting[len(window) :], *refused]  # the worst that a client can do: new ones first
    assert texts(conversation) == [str(number) for number in range(30)]


def test_its_memory_is_bounded_and_full_it_takes_nothing_out_of_order():
    order = SenderOrder()

    def post(conversation: str, client_id: str, error: Exception | None = None) -> str:
        def act() -> str:
            if error:
                raise error
            return "ok"

        try:
            return order.take({"conversation": conversation, "client_id": client_id}, lambda *_: False, act)
        except (EarlierUnknown, Unavailable) as refusal:
            return refusal.code

    for number in range(MOST_CONVERSATIONS + 10):
        post(f"c{number}", "first", Unavailable())
    assert len(order._held) == MOST_CONVERSATIONS
    assert post("c99", "any") == "earlier_unknown"
    for number in range(MOST_HELD + 10):
        assert post("c0", f"m{number}") == "earlier_unknown"
    assert len(order._held["c0"]) == MOST_HELD
    assert [post("c0", "first"), post("c99", "any"), post("c0", "m1"), post("c0", "m0")] == [
        "ok",
        "earlier_unknown",
        "earlier_unknown",
        "ok",
    ]


def test_the_description_of_the_socket_names_the_refusal():
    description = describe()
    refused = description["components"]["schemas"]["ChatRefused"]
    assert "earlier" in refused["properties"]
    assert "earlier_unknown" in description["info"]["description"]


def test_a_log_in_that_ended_is_answered_too(door, office, citizen, ask):
    body = {"conversation": ask(), "client_id": str(uuid4()), "kind": "text", "text": "您好"}
    del office.people[citizen.token]
    assert door.handler("post")("c", body)["code"] == "token_bad"
