"""Closed talks go when their time is over, with all that hangs on them; the counts stay, once each."""

import threading
from datetime import timedelta

import pytest

from chat import Chat
from chat.refusals import NotFound
from chat.retention import retention
from chat.retention.retention import KEPT, PAUSE
from tests.chat.office import FAST, said

PLACES = ("messages", "conversation_members", "chat_promises", "chat_gone")
ID = "11010519491231002X"


@pytest.fixture
def ended(chat, citizen, officer, ask):
    """Open, answer, rate and close a talk; gives its id."""

    def end(**about):
        talk = ask(f"我的证件 {ID}", **about)
        chat.handling.claim(officer, talk)
        chat.post(officer, talk, said("请带原件"))
        chat.post(officer, talk, said("备注", kind="note"))
        chat.read(citizen, talk, 3)
        chat.handling.end(citizen, talk, None)
        chat.handling.rate(citizen, talk, {"score": 4})
        return talk

    return end


@pytest.fixture
def later(chat, clock):
    """Some days pass and the round comes, then comes again after the pause."""

    def pass_by(**time):
        clock.move(**time)
        for _ in range(3):
            chat.step(clock())
            clock.move(seconds=PAUSE.total_seconds() + 1)

    return pass_by


def left_of(database, talk):
    """Rows of a talk, by collection."""
    rows = {name: database[name].count_documents({"$or": [{"conversation": talk}, {"_id": talk}]}) for name in PLACES}
    return {name: n for name, n in rows.items() if n}


def numbers(database):
    return {row.pop("_id"): row for row in database["chat_numbers"].find({}, {"v": 0})}


def test_a_closed_talk_goes_with_all_that_hangs_on_it_and_leaves_its_numbers(
    chat, database, citizen, officer, ended, later
):
    talk = ended()
    later(days=KEPT.days + 1)
    with pytest.raises(NotFound):
        chat.get(citizen, talk)
    assert chat.mine(citizen, None, 9)["items"] == []
    assert left_of(database, talk) == {}
    [counted] = numbers(database).values()
    assert counted.pop("month") < "2100"
    assert counted == {"desk": "XC-H01", "talks": 1, "answered": 1, "messages": 2, "rated": 1, "score": 4}


def test_it_stays_until_then_and_what_is_not_closed_or_tied_to_a_kept_case_stays_for_good(
    chat, office, citizen, ask, ended, later
):
    office.mine["case", "XC1"] = citizen.id
    young, tied = ended(), ended(case="XC1")
    later(days=KEPT.days - 1)
    assert chat.get(citizen, young)
    waiting = ask("还在等")
    later(days=3 * KEPT.days)
    assert [one["id"] for one in chat.mine(citizen, None, 9)["items"]] == [waiting, tied]


def test_a_talk_goes_with_its_case(database, office, clock, citizen, officer, chat, ended, later):
    office.mine["case", "XC1"] = citizen.id
    tied = ended(case="XC1")
    chat.retention._case_kept = lambda number: False
    later(days=KEPT.days + 1)
    assert left_of(database, tied) == {}


def test_cut_short_anywhere_it_goes_on_and_counts_once(chat, database, ended, later, monkeypatch):
    talks = [ended(), ended()]
    store = chat.retention._store
    for act in ("bury", "drop_messages", "drop_rest"):
        real, calls = getattr(store, act), []

        def dies(*args, real=real, calls=calls):
            calls.append(args)
            if len(calls) == 1:
                raise ConnectionError("the process dies before it")
            real_answer = real(*args)
            if len(calls) == 2:
                raise ConnectionError("and after it")
            return real_answer

        monkeypatch.setattr(store, act, dies)
    later(days=KEPT.days + 1)
    for _ in range(3):
        later(minutes=1)
    assert [left_of(database, talk) for talk in talks] == [{}, {}]
    assert sum(one["talks"] for one in numbers(database).values()) == 2


def test_two_processes_at_it_count_once(chat, database, office, clock, ended):
    ended()
    other = Chat(database, ports=office.ports(), now=clock, posts_a_minute=FAST)
    clock.move(days=KEPT.days + 1)
    both = [threading.Thread(target=one.retention.run, args=(clock(),)) for one in (chat, other)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    other.close()
    assert sum(one["talks"] for one in numbers(database).values()) == 1


def test_a_long_talk_goes_in_bounded_batches(chat, database, ended, clock, monkeypatch):
    monkeypatch.setattr(retention, "MOST_ROWS", 4)
    talk = ended()
    before = left_of(database, talk)["messages"]
    clock.move(days=KEPT.days + 1)
    chat.retention.run(clock())
    now = clock() + PAUSE
    sizes = []
    while left := left_of(database, talk):
        sizes.append(left.get("messages", 0))
        chat.retention.run(now)
    assert sizes == list(range(before, -1, -4))


def test_an_office_may_not_forget_what_may_still_be_reopened(database, office, clock):
    chat = Chat(database, ports=office.ports(), now=clock, kept=timedelta(days=1))
    assert chat.retention._kept == timedelta(days=7)
    chat.close()
