"""What the stores do by find and guarded update, and page by page: exact under races and ties."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest

from chat.away.store import AwayStore
from chat.desk.store import DeskStore
from chat.talk.conversation import Conversation, Participant
from chat.talk.ids import instant_of, timed_id
from chat.talk.sealing import Sealing
from chat.talk.store import ConversationStore
from tests.chat.office import Office, said

PORTS = Office().ports()
SEALING = Sealing(PORTS.seal, PORTS.open_sealed)


@pytest.fixture
def store(chat, database):
    return ConversationStore(database, SEALING)


@pytest.fixture
def desks(chat, database):
    return DeskStore(database, SEALING)


def test_receipts_of_many_devices_at_once_end_at_the_highest_and_each_number_is_news_once(store, clock):
    member = Participant("c1", "citizen")
    numbers = [n % 20 + 1 for n in range(60)]

    def advance(seq):
        return store.advance("talk", member, seq, seq // 2, clock())

    with ThreadPoolExecutor(8) as pool:
        news = [seen for seen in pool.map(advance, numbers) if seen]
    [row] = store.seen("talk")
    assert (row["delivered_seq"], row["read_seq"], row["told_seq"]) == (20, 10, 0)
    assert len({(seen["delivered_seq"], seen["read_seq"]) for seen in news}) == len(news)


def test_a_notice_is_remembered_before_and_after_the_first_receipt(store, database, clock):
    away, early, late = AwayStore(database), Participant("c1", "citizen"), Participant("c2", "citizen")
    away.mark_notified("talk", early, 4)
    away.mark_notified("talk", early, 3)
    store.advance("talk", late, 2, 2, clock())
    away.mark_notified("talk", late, 5)
    store.advance("talk", early, 1, 0, clock())
    rows = {row["member"]: (row["delivered_seq"], row["read_seq"], row["told_seq"]) for row in store.seen("talk")}
    assert rows == {"c1": (1, 0, 4), "c2": (2, 2, 5)}


def test_who_came_in_the_same_instant_is_listed_once_whatever_the_page(chat, officer, office, desks):
    talks = [chat.open(office.citizen(f"{n}"), str(uuid4()), {})["id"] for n in range(7)]
    pages, cursor = [], None
    while cursor or not pages:
        page = chat.at_desk(officer, "waiting", cursor, 2)
        pages.append([item["id"] for item in page["items"]])
        cursor = page["next"]
    assert sum(pages, []) == sorted(talks)
    assert [len(page) for page in pages] == [2, 2, 2, 1]


def first_message(n):
    """The first message of a conversation, as it is stored."""
    return {"_id": f"m{n}", "conversation": f"c{n}", "stream": "public", "client_id": f"{n}", "sender": {"id": "x"}}


def test_a_desks_list_and_its_waits_reach_back_as_far_as_needed(chat, officer, desks, store, clock):
    ages = [timedelta(minutes=1), timedelta(hours=5), timedelta(days=9), timedelta(days=90), timedelta(days=400)]
    for n, age in enumerate(ages):
        at = clock() - age
        old = Conversation(timed_id(at), 1, Participant(f"c{n}", "citizen"), "XC-H01", "closed", at, at)
        store.begin(
            Conversation(**{**vars(old), "claimed_at": at, "waited": float(n), "place": 1}),
            lambda session, n=n: [first_message(n)],
        )
    listed = desks.of_desk("XC-H01", None, clock(), 9)
    assert [conversation.citizen.id for conversation in listed] == ["c0", "c1", "c2", "c3", "c4"]
    assert [one.citizen.id for one in desks.of_desk("XC-H01", listed[1], clock(), 9)] == ["c2", "c3", "c4"]
    assert desks.waits("XC-H01", clock()) == [(0.0, 1), (1.0, 1), (2.0, 1), (3.0, 1)]


def test_the_search_goes_on_where_an_earlier_release_left_it(chat, citizen, ask, clock, database):
    talk = ask("一")
    clock.move(seconds=30)
    [first, second] = sorted(row["_id"] for row in database["messages"].find({"conversation": talk}))
    chat.post(citizen, talk, said("二"))
    away = AwayStore(database)
    position = {"after": first}  # before there was `after_at`
    rows = away.unsearched(position, clock() + timedelta(seconds=1), 9)
    assert [row["_id"] for row in rows][0] == second
    assert [row["seq"] for row in rows][-1] == 3
    assert away.unsearched({"after": rows[-1]["_id"], "after_at": rows[-1]["at"]}, clock() + timedelta(days=1), 9) == []


def test_an_id_tells_its_instant_to_the_millisecond(clock):
    at = clock() + timedelta(milliseconds=123)
    assert instant_of(timed_id(at)) == at
    assert instant_of("").year == 1970
