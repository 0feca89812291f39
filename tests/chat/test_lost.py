"""Several processes: what Redis lost between them is found in the store, and told once."""

import queue

import pytest

from chat import Chat
from chat.live.missed import SentMessages
from chat.refusals import ConversationClosed
from chat.sockets import ConnectionChecks, _drop_slow
from tests.chat.office import FAST, said


@pytest.fixture
def elsewhere(database, office, clock):
    """The chat of another process, of which nothing is heard."""
    other = Chat(database, ports=office.ports(), now=clock, posts_a_minute=FAST)
    yield other
    other.close()


@pytest.fixture
def here(chat):
    """What this process tells its own connections at a beat."""
    chat.share()
    events = []
    chat.live.emit_here = lambda event, payload, rooms: events.append((event, payload, list(rooms)))
    return events


def seqs(events, stream="public"):
    return [payload["seq"] for event, payload, _ in events if event == "message" and payload["stream"] == stream]


def test_what_was_lost_on_the_way_is_told_in_order_and_once(chat, here, elsewhere, citizen, officer, ask, clock):
    talk = ask("一")
    elsewhere.handling.claim(officer, talk)
    for words in ("二", "三"):
        elsewhere.post(officer, talk, said(words))
    assert chat.catch_up() == 0, "it may still come"
    clock.move(seconds=9)
    assert chat.catch_up() == 3
    assert seqs(here) == [3, 4, 5]
    states = [(payload["state"], rooms) for event, payload, rooms in here if event == "state"]
    assert [(state, "desk:XC-H01" in rooms) for state, rooms in states] == [("active", False), ("active", True)]
    clock.move(seconds=9)
    assert chat.catch_up() == 0


def test_what_came_in_time_and_what_was_said_here_is_not_told_again(chat, here, elsewhere, citizen, ask, clock):
    talk = ask("一")
    chat.post(citizen, talk, said("二"))
    other = []
    elsewhere.live.emit = lambda event, payload, rooms, *, skip=None: other.append(payload)
    elsewhere.post(citizen, talk, said("三"))
    chat.heard_messages(other)
    clock.move(seconds=9)
    assert chat.catch_up() == 0
    assert here == []


def test_a_note_that_was_lost_is_told_to_staff_alone(chat, here, elsewhere, officer, citizen, ask, clock):
    talk = ask("一")
    elsewhere.handling.claim(officer, talk)
    elsewhere.post(officer, talk, said("暗语", kind="note"))
    clock.move(seconds=9)
    chat.catch_up()
    [rooms] = [rooms for _, payload, rooms in here if payload.get("stream") == "staff"]
    assert f"member:{citizen.id}" not in rooms


def receipts(events):
    return [(payload["delivered_seq"], payload["read_seq"]) for event, payload, _ in events if event == "receipt"]


def test_a_receipt_that_was_lost_is_told_once(chat, here, elsewhere, citizen, officer, ask, clock):
    talk = ask("一")
    elsewhere.handling.claim(officer, talk)
    elsewhere.read(officer, talk, 2)
    clock.move(seconds=9)
    chat.catch_up()
    assert receipts(here) == [(2, 2)]
    [rooms] = [rooms for event, _, rooms in here if event == "receipt"]
    assert f"member:{citizen.id}" in rooms
    clock.move(seconds=9)
    chat.catch_up()
    assert receipts(here) == [(2, 2)]


def test_a_receipt_that_came_in_time_or_was_given_here_is_not_told_again(
    chat, here, elsewhere, citizen, officer, ask, clock
):
    talk = ask("一")
    chat.handling.claim(officer, talk)
    elsewhere.live.emit = lambda event, payload, rooms, *, skip=None: chat.heard_receipt(payload)
    elsewhere.read(officer, talk, 2)
    chat.delivered(citizen, talk, 3)
    clock.move(seconds=9)
    chat.catch_up()
    assert receipts(here) == []


def test_what_another_process_moved_is_read_anew_once_its_event_is_heard_and_else_after_a_moment(
    chat, here, elsewhere, citizen, ask, monkeypatch
):
    talk, told = ask("一"), []
    elsewhere.live.emit = lambda event, payload, rooms, *, skip=None: told.append((event, payload))
    chat.post(citizen, talk, said("二"))
    elsewhere.handling.end(citizen, talk, None)
    chat.heard_messages([payload for event, payload in told if event == "message"])
    with pytest.raises(ConversationClosed):
        chat.post(citizen, talk, said("三"))
    elsewhere.handling.reopen(citizen, talk)  # nothing of it is heard
    monkeypatch.setattr(chat._memory, "_seconds", 0)
    assert chat.post(citizen, talk, said("三"))["seq"] == 6


def test_what_is_known_of_a_conversation_that_others_move_is_seconds_old_at_most(chat):
    chat.share()
    assert chat._memory._seconds == 2


def test_a_process_alone_looks_for_nothing(chat, ask, clock):
    ask("一")
    clock.move(seconds=60)
    assert chat.catch_up() == 0


def test_the_first_connection_after_hours_reads_what_came_with_it_and_no_more(
    chat, here, elsewhere, citizen, ask, clock, monkeypatch
):
    talk = ask("一")
    elsewhere.post(citizen, talk, said("夜里"))
    clock.move(hours=12)
    chat.begin_catching_up()
    elsewhere.post(citizen, talk, said("早上"))
    asked, ids_between = [], chat._store.ids_between
    monkeypatch.setattr(chat._store, "ids_between", lambda *span: asked.append(span) or ids_between(*span))
    clock.move(seconds=9)
    assert chat.catch_up() == 1
    [(after, until)] = asked
    assert (until - after).total_seconds() == 9


def test_the_checks_of_connections_begin_with_what_is_new_once():
    begun = []

    class Idle:
        def __getattr__(self, name):
            return lambda *_: begun.append(name)

    checks = ConnectionChecks(Idle(), Idle(), Idle())
    checks.begin()
    checks.begin()
    checks.end()
    checks.begin()
    assert begun == ["begin_catching_up"]


def test_what_was_looked_through_is_forgotten():
    sent = SentMessages()
    sent.add(["b", "d"])
    assert sent.missing(["b", "c", "d"]) == ["c"]
    sent.forget_before("c")
    assert sent.missing(["b", "d"]) == ["b"]


def test_who_does_not_take_what_is_sent_is_hung_up_and_keeps_no_memory():
    class Connection:
        def __init__(self, waiting):
            self.queue, self.closed = queue.Queue(), False
            for one in range(waiting):
                self.queue.put(one)

        def close(self, **how):
            self.closed = how

    class Engine:
        sockets = {"slow": Connection(501), "quick": Connection(500)}

    _drop_slow(Engine)
    assert (Engine.sockets["slow"].closed, Engine.sockets["slow"].queue.qsize()) == ({"wait": False, "abort": True}, 0)
    assert not Engine.sockets["quick"].closed
