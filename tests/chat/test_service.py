"""The use cases on a real embedded store: asking, speaking, moving, catching up, being away."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from chat import Chat
from chat.refusals import (
    AlreadyClaimed,
    AtCapacity,
    BadCursor,
    BadFields,
    ClaimFirst,
    ConversationClosed,
    NotFound,
    OfficerAway,
    Refusal,
    RoleWrong,
    VersionStale,
)
from tests.chat.office import FAST, Hours, hours_later, said


def lines(chat, actor, conversation, stream="public"):
    """Every message of a stream, read page by page."""
    found, after, more = [], 0, True
    while more:
        page = chat.messages(actor, conversation, stream, after, 7)
        found, after, more = found + page["items"], page["next_seq"], page["more"]
    assert [one["seq"] for one in found] == list(range(1, len(found) + 1))
    return found


def test_a_question_waits_in_the_queue_of_its_desk_with_a_position_and_a_wait(chat, citizen, ask, office):
    first = chat.get(citizen, ask("材料要原件吗？", matter="0101"))
    assert (first["state"], first["desk"], first["matter"], first["version"]) == ("queued", "XC-H01", "0101", 1)
    assert first["queue"] == {"position": 1, "wait": [2, 6]}
    assert (first["last_seq"], first["unread"], first["created_at"][-6:]) == (2, 0, "+08:00")
    other = office.citizen("李四")
    assert chat.get(other, ask(who=other))["queue"]["position"] == 1
    assert ("conversation.opened", first["id"]) in office.announced


def test_positions_follow_the_order_of_coming_and_move_up(chat, clock, officer, office):
    talks = []
    for name in "甲乙丙":
        who = office.citizen(name)
        talks.append((who, chat.open(who, str(uuid4()), {})["id"]))
        clock.move(seconds=1)
    assert [chat.get(who, one)["queue"]["position"] for who, one in talks] == [1, 2, 3]
    assert [one["id"] for one in chat.at_desk(officer, "waiting", None, 9)["items"]] == [one for _, one in talks]
    chat.handling.claim(officer, talks[0][1])
    assert [chat.get(who, one)["queue"] and chat.get(who, one)["queue"]["position"] for who, one in talks] == [
        None,
        1,
        2,
    ]


def test_out_of_hours_it_becomes_a_message_with_a_promise_that_staff_find_waiting(
    chat, citizen, officer, ask, office, clock
):
    office.hours = hours_later(clock())
    left = chat.get(citizen, ask("明天能办吗？"))
    assert (left["state"], left["promised_at"], left["queue"]) == (
        "left_message",
        "2026-11-25T03:00:00.000+08:00",
        None,
    )
    [waiting] = chat.at_desk(officer, "waiting", None, 9)["items"]
    assert (waiting["id"], waiting["last"]["text"], waiting["citizen"]["name"]) == (left["id"], "明天能办吗？", "张三")
    assert chat.handling.claim(officer, left["id"])["promised_at"] is None


def test_what_is_asked_about_must_exist_and_be_ones_own(chat, citizen, office):
    office.mine["case", "2026-1"] = "somebody else"
    for about in ({"matter": "9999"}, {"case": "2026-1"}, {"point": "nowhere"}):
        with pytest.raises(BadFields) as refused:
            chat.open(citizen, str(uuid4()), about)
        assert list(refused.value.errors) == list(about)
    office.mine["case", "2026-1"] = citizen.id
    assert chat.open(citizen, str(uuid4()), {"case": "2026-1"})["case"] == "2026-1"


def test_both_sides_talk_in_one_order_with_the_events_between(chat, citizen, officer, ask):
    talk = ask("在吗？")
    chat.handling.claim(officer, talk)
    chat.post(officer, talk, said("您好"))
    chat.post(citizen, talk, said("要带什么？"))
    chat.handling.end(officer, talk, "已答复")
    shown = lines(chat, citizen, talk)
    assert [(one["kind"], one.get("text") or one["event"]["type"]) for one in shown] == [
        ("event", "opened"),
        ("text", "在吗？"),
        ("event", "assigned"),
        ("text", "您好"),
        ("text", "要带什么？"),
        ("event", "closed"),
    ]
    assert [one["sender"]["name"] for one in shown] == ["", "张三", "", "王窗口", "张三", ""]
    assert lines(chat, officer, talk) == shown


def test_a_citizens_name_is_not_kept_with_the_talk(chat, citizen, ask, database):
    chat.post(citizen, ask("在吗？"), said("有人吗？"))
    kept = [*database["messages"].find(), *database["conversations"].find()]
    assert "张三" not in repr(kept)


def test_a_conversation_is_not_there_for_another_citizen(chat, ask, office):
    talk, other = ask(), office.citizen("李四")
    acts = [
        lambda: chat.get(other, talk),
        lambda: chat.messages(other, talk, "public", 0, 10),
        lambda: chat.post(other, talk, said("我也在")),
        lambda: chat.read(other, talk, 1),
        lambda: chat.typing(other, talk, None),
        lambda: chat.handling.end(other, talk, None),
        lambda: chat.handling.reopen(other, talk),
        lambda: chat.get(other, "no such"),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            act()
    assert chat.created(other, talk) is None
    assert chat.mine(other, None, 9)["items"] == []


def test_desk_acts_are_refused_to_a_citizen(chat, citizen, ask):
    talk = ask()
    acts = [
        lambda: chat.handling.claim(citizen, talk),
        lambda: chat.handling.transfer(citizen, talk, {"desk": "XC-H02"}, None),
        lambda: chat.officers.set_presence(citizen, {"state": "here", "capacity": 3}),
        lambda: chat.at_desk(citizen, "all", None, 9),
        lambda: chat.post(citizen, talk, said("写给自己", kind="note")),
    ]
    for act in acts:
        with pytest.raises(RoleWrong):
            act()


def test_a_repeated_post_is_one_message_even_after_the_closing(chat, citizen, officer, ask):
    talk, once = ask(), said("发两次")
    first = chat.post(citizen, talk, once)
    assert chat.post(citizen, talk, once) == first
    chat.handling.end(citizen, talk, None)
    assert chat.post(citizen, talk, once) == first
    with pytest.raises(ConversationClosed):
        chat.post(citizen, talk, said("新的"))
    assert [one.get("text") for one in lines(chat, citizen, talk)].count("发两次") == 1


def test_twenty_officers_claim_at_once_and_one_of_them_has_it(chat, ask, office):
    talk, officers = ask(), [office.officer(f"{n} 号") for n in range(20)]

    def claim(officer):
        try:
            return chat.handling.claim(officer, talk)["officer"]["id"]
        except AlreadyClaimed:
            return None

    with ThreadPoolExecutor(20) as pool:
        winners = [one for one in pool.map(claim, officers) if one]
    assert len(winners) == 1
    assert [o["event"]["type"] for o in lines(chat, officers[0], talk)] == ["opened", "assigned"]
    winner = next(one for one in officers if one.id == winners[0])
    assert chat.handling.claim(winner, talk)["version"] == 2


def test_capacity_holds_against_ten_claims_at_once(chat, officer, office):
    chat.officers.set_presence(officer, {"state": "here", "capacity": 3})
    talks = [chat.open(office.citizen(f"{n}"), str(uuid4()), {})["id"] for n in range(10)]

    def claim(talk):
        try:
            return chat.handling.claim(officer, talk)
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(10) as pool:
        results = list(pool.map(claim, talks))
    assert sum(isinstance(one, dict) for one in results) == 3
    assert {one for one in results if isinstance(one, str)} == {AtCapacity.code}
    assert len(chat.at_desk(officer, "mine", None, 9)["items"]) == 3
    chat.handling.end(officer, chat.at_desk(officer, "mine", None, 9)["items"][0]["id"], None)
    assert chat.handling.claim(officer, talks[results.index(AtCapacity.code)])["state"] == "active"


def test_a_transfer_goes_to_a_colleague_who_is_there_with_its_history_and_a_note_for_staff_alone(
    chat, citizen, officer, ask, office, clock
):
    talk, colleague = ask("很难的问题"), office.officer("李审批", "handler")
    chat.handling.claim(officer, talk)
    with pytest.raises(OfficerAway):
        chat.handling.transfer(officer, talk, {"officer": colleague.id}, None)
    chat.officers.set_presence(colleague, {"state": "here"})
    moved = chat.handling.transfer(officer, talk, {"officer": colleague.id}, "请看第二条")
    assert (moved["officer"]["name"], moved["owner"]["name"]) == ("李审批", "王窗口")
    assert lines(chat, colleague, talk)[1]["text"] == "很难的问题"
    assert [one["text"] for one in lines(chat, colleague, talk, "staff")] == ["请看第二条"]
    assert chat.post(colleague, talk, said("我来答"))["seq"] == 5
    with pytest.raises(Refusal, match="not_the_officer"):
        chat.post(officer, talk, said("还是我来"))
    clock.move(minutes=2)
    with pytest.raises(OfficerAway):
        chat.handling.transfer(colleague, talk, {"officer": colleague.id}, None)


def test_a_transfer_to_a_desk_queues_it_there_at_its_old_place(chat, citizen, officer, ask, clock, office):
    talk = ask()
    chat.handling.claim(officer, talk)
    clock.move(seconds=60)
    newcomer = office.citizen("李四")
    other = chat.open(newcomer, str(uuid4()), {"point": "XC-H02"})["id"]
    moved = chat.handling.transfer(officer, talk, {"desk": "XC-H02"}, None)
    assert (moved["state"], moved["desk"], moved["officer"], moved["owner"]["name"]) == (
        "queued",
        "XC-H02",
        None,
        "王窗口",
    )
    assert (chat.get(citizen, talk)["queue"]["position"], chat.get(newcomer, other)["queue"]["position"]) == (1, 2)
    for nowhere in ({"desk": "nowhere"}, {}, None, {"desk": "XC-H01", "officer": officer.id}, {"officer": 1}):
        with pytest.raises(BadFields):
            chat.handling.transfer(officer, talk, nowhere, None)


def test_only_who_has_it_hands_it_over(chat, officer, ask):
    with pytest.raises(ClaimFirst):
        chat.handling.transfer(officer, ask(), {"desk": "XC-H02"}, None)


def test_closing_tells_by_whom_and_why_and_reopening_goes_on_in_the_same_conversation(
    chat, citizen, officer, ask, office, clock
):
    talk = ask("一个问题")
    chat.handling.claim(officer, talk)
    ended = chat.handling.end(officer, talk, " 已答复 ")
    assert ended["closed"] == {"at": "2026-11-24T10:00:00.000+08:00", "by": "staff", "reason": "已答复"}
    assert ("conversation.closed", talk) in office.announced
    assert chat.handling.end(citizen, talk, "再关一次")["version"] == ended["version"]
    clock.move(days=1)
    again = chat.handling.reopen(citizen, talk)
    assert (again["state"], again["closed"], again["officer"], again["owner"]["name"]) == (
        "queued",
        None,
        None,
        "王窗口",
    )
    assert chat.post(citizen, talk, said("还有一问"))["seq"] == 6


def test_a_version_that_is_not_the_newest_changes_nothing(chat, citizen, officer, ask):
    talk = ask()
    chat.handling.claim(officer, talk)
    with pytest.raises(VersionStale):
        chat.handling.end(citizen, talk, None, version=1)
    assert chat.handling.end(citizen, talk, None, version=2)["state"] == "closed"


def test_receipts_only_rise_and_never_beyond_what_was_said(chat, citizen, officer, ask, heard):
    talk = ask("一")
    chat.handling.claim(officer, talk)
    chat.post(officer, talk, said("二"))
    assert chat.get(citizen, talk)["unread"] == 1
    chat.delivered(citizen, talk, 4)
    chat.read(citizen, talk, 3)
    chat.read(citizen, talk, 2)
    chat.delivered(citizen, talk, 10**9)
    mine = chat.get(citizen, talk)
    assert (mine["delivered_seq"], mine["read_seq"], mine["unread"]) == (4, 3, 1)
    assert chat.get(officer, talk)["peer"] == {"delivered_seq": 4, "read_seq": 3}
    receipts = [payload for event, payload, _ in heard if event == "receipt"]
    assert [(one["delivered_seq"], one["read_seq"]) for one in receipts] == [(4, 0), (4, 3)]
    for nonsense in (-1, True, "4", None, 1.5):
        with pytest.raises(BadFields):
            chat.read(citizen, talk, nonsense)


def test_staff_who_read_along_leave_no_trace(chat, citizen, officer, ask, office):
    talk = ask("一")
    chat.handling.claim(officer, talk)
    chat.read(office.officer("组长", "handler"), talk, 3)
    assert chat.get(citizen, talk)["peer"] == {"delivered_seq": 0, "read_seq": 0}


def test_cards_must_be_visible_to_both_sides_and_are_resolved_for_the_reader(chat, citizen, officer, ask, office):
    talk, stranger = ask(), office.citizen("李四")
    office.mine["case", "mine"] = citizen.id
    office.mine["case", "theirs"] = stranger.id
    chat.handling.claim(officer, talk)

    def card(actor, ref):
        body = {"client_id": str(uuid4()), "kind": "card", "card": {"type": "case", "ref": ref}}
        return chat.post(actor, talk, body)

    card(officer, "mine")
    for actor in (officer, citizen):
        with pytest.raises(BadFields):
            card(actor, "theirs")
    assert lines(chat, citizen, talk)[-1]["card"] == {"type": "case", "ref": "mine", "title": "case mine"}
    office.mine["case", "mine"] = stranger.id
    assert lines(chat, citizen, talk)[-1]["card"] == {"type": "case"}


def test_a_file_is_ones_own_upload_and_then_the_other_side_may_see_it(chat, citizen, officer, ask, office):
    talk = ask()
    office.uploads["u1"] = citizen.id
    body = {"client_id": str(uuid4()), "kind": "image", "file": "u1"}
    assert not chat.ties.shares_file(officer, "u1")
    chat.post(citizen, talk, body)
    assert lines(chat, officer, talk)[-1]["file"] == {"id": "u1", "name": "照片.jpg", "type": "image/jpeg", "size": 9}
    assert chat.ties.shares_file(officer, "u1")
    assert not chat.ties.shares_file(office.citizen("李四"), "u1")
    with pytest.raises(BadFields):
        chat.post(citizen, talk, {**body, "client_id": str(uuid4()), "file": "not mine"})


def test_lists_are_paged_and_a_strange_cursor_is_refused(chat, citizen, officer, ask, clock):
    talks = []
    for _ in range(5):
        talks.append(ask())
        clock.move(seconds=1)

    def walk(page):
        ids, cursor = [], None
        while True:
            found = page(cursor)
            ids += [one["id"] for one in found["items"]]
            cursor = found["next"]
            if cursor is None:
                return ids

    assert walk(lambda cursor: chat.mine(citizen, cursor, 2)) == talks[::-1]
    assert walk(lambda cursor: chat.at_desk(officer, "all", cursor, 2)) == talks[::-1]
    assert walk(lambda cursor: chat.at_desk(officer, "waiting", cursor, 2)) == talks
    with pytest.raises(BadCursor):
        chat.mine(citizen, "no such", 2)


class TestAway:
    """Whoever has not seen something for ten seconds is told by other ways, once a burst."""

    @pytest.fixture
    def talk(self, chat, officer, ask):
        talk = ask("一")
        chat.handling.claim(officer, talk)
        return talk

    @pytest.fixture
    def look(self, chat, clock, office):
        """Let time pass, run the search until it finds nothing; give who was told since the last look."""

        def looked(seconds=11):
            clock.move(seconds=seconds)
            while chat.step(clock()):
                pass
            told, office.told[:] = list(office.told), []
            return told

        return looked

    def test_nobody_is_told_before_ten_seconds(self, chat, citizen, officer, talk, look):
        chat.read(officer, talk, 3)
        look()
        chat.post(officer, talk, said("二"))
        assert look(9) == []
        assert look(2) == [(f"citizen:{citizen.id}", talk, 1)]

    def test_a_burst_is_told_once_and_the_next_one_after_it_was_seen(self, chat, citizen, officer, talk, look):
        chat.read(officer, talk, 3)
        chat.delivered(citizen, talk, 3)
        chat.post(officer, talk, said("二"))
        assert look() == [(f"citizen:{citizen.id}", talk, 4)]
        chat.post(officer, talk, said("三"))
        assert look() == []
        chat.delivered(citizen, talk, 5)
        assert look() == []
        chat.post(officer, talk, said("四"))
        assert look() == [(f"citizen:{citizen.id}", talk, 6)]

    def test_who_has_it_on_a_device_is_not_told_and_events_and_notes_tell_nobody(
        self, chat, citizen, officer, talk, look
    ):
        chat.read(officer, talk, 3)
        chat.delivered(citizen, talk, 3)
        chat.post(officer, talk, said("二"))
        chat.delivered(citizen, talk, 4)
        chat.post(officer, talk, said("内部", kind="note"))
        chat.handling.end(officer, talk, None)
        assert look() == []

    def test_an_officer_who_is_away_is_told_too(self, chat, citizen, officer, talk, look):
        chat.read(officer, talk, 3)
        look()
        chat.post(citizen, talk, said("还在吗？"))
        assert look() == [(f"staff:{officer.id}", talk, 4)]

    def test_a_search_that_died_is_done_again_by_the_next_one(self, chat, citizen, officer, talk, look, office, clock):
        chat.read(officer, talk, 3)
        look()
        chat.post(officer, talk, said("二"))
        told, broken = office.told, chat._ports.away
        office.told = None
        clock.move(seconds=11)
        with pytest.raises(AttributeError):
            chat.step(clock())
        office.told = told
        assert broken is chat._ports.away
        assert look(61) == [(f"citizen:{citizen.id}", talk, 1)]


def test_two_chats_on_one_store_number_one_conversation_without_gaps_and_in_each_senders_order(
    chat, citizen, officer, ask, database, office, clock
):
    talk = ask()
    chat.handling.claim(officer, talk)
    other = Chat(database, ports=office.ports(), now=clock, posts_a_minute=FAST)

    def speak(service, actor):
        return [service.post(actor, talk, said(f"{actor.name} {n}"))["seq"] for n in range(40)]

    with ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit(speak, service, who)
            for service, who in ((chat, citizen), (other, citizen), (other, officer), (chat, officer))
        ]
        notes = [other.post(officer, talk, said("内部", kind="note"))["seq"] for _ in range(5)]
        numbers = [job.result() for job in jobs]
    other.close()
    shown = lines(chat, citizen, talk)
    assert len(shown) == 2 + 160
    assert all(one == sorted(one) for one in numbers)
    assert sorted(seq for one in numbers for seq in one) == list(range(3, 163))
    assert notes == [1, 2, 3, 4, 5]


def test_moves_and_messages_at_once_leave_no_gap(chat, citizen, officer, ask):
    talk = ask()
    stop = threading.Event()

    def speak():
        count = 0
        while not stop.is_set():
            try:
                chat.post(citizen, talk, said("还在"))
                count += 1
            except ConversationClosed:
                continue
        return count

    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(speak) for _ in range(2)]
        try:
            for _ in range(5):
                chat.handling.claim(officer, talk)
                chat.handling.end(officer, talk, None)
                chat.handling.reopen(officer, talk)
        finally:
            stop.set()
        count = sum(job.result() for job in jobs)
    shown = lines(chat, citizen, talk)
    assert len(shown) == 1 + 15 + count
    versions = [one["event"]["version"] for one in shown if one["kind"] == "event"]
    assert versions == list(range(1, 17))


def test_hours_that_end_during_a_talk_change_nothing_for_it(chat, citizen, officer, ask, office):
    talk = ask()
    chat.handling.claim(officer, talk)
    office.hours = Hours(open=False, next_opens_at=None)
    assert chat.post(officer, talk, said("还在答"))["seq"] == 3
    assert chat.get(citizen, talk)["state"] == "active"
    assert chat.handling.transfer(officer, talk, {"desk": "XC-H02"}, None)["state"] == "left_message"


def test_an_officer_says_a_part_of_their_presence_at_a_time(chat, officer):
    usual = {"state": "here", "capacity": 5, "takes": "pull", "skills": []}
    assert chat.officers.set_presence(officer, {}) == usual
    assert chat.officers.set_presence(officer, {"state": "away", "capacity": 2}) == {
        **usual,
        "state": "away",
        "capacity": 2,
    }
    told = chat.officers.set_presence(officer, {"takes": "push", "skills": ["户籍"]})
    assert told == {"state": "away", "capacity": 2, "takes": "push", "skills": ["户籍"]}
    assert chat.officers.set_presence(officer, {}) == told


def test_a_connection_that_comes_back_does_not_undo_what_the_officer_sets_meanwhile(chat, officer, monkeypatch):
    chat.officers.set_presence(officer, {"capacity": 3})
    store = chat.officers._store
    really = store.presence

    def read_and_set(member):
        before = really(member)
        monkeypatch.setattr(store, "presence", really)
        chat.officers.set_presence(officer, {"state": "away", "skills": ["食品"]})
        return before

    monkeypatch.setattr(store, "presence", read_and_set)
    chat.officers.set_presence(officer, {})
    kept = store.presence(officer.id)
    assert (kept.state, kept.capacity, kept.skills) == ("away", 3, ("食品",))


def test_presence_holds_while_a_connection_gives_signs_of_life(chat, officer, ask, office, clock):
    talk, colleague = ask(), office.officer("李审批")
    chat.handling.claim(officer, talk)
    chat.officers.set_presence(colleague, {"state": "here"})
    for _ in range(5):
        clock.move(seconds=60)
        chat.officers.renew({colleague.id})
    assert chat.handling.transfer(officer, talk, {"officer": colleague.id}, None)["officer"]["id"] == colleague.id


def test_the_wait_is_measured_from_the_last_claims(chat, citizen, officer, office, clock):
    chat._queues.pause = 0
    chat.officers.set_presence(officer, {"capacity": 20})
    for n in range(6):
        talk = chat.open(office.citizen(f"{n}"), str(uuid4()), {})["id"]
        clock.move(minutes=10)
        chat.handling.claim(officer, talk)
    assert chat.open(citizen, str(uuid4()), {})["queue"] == {"position": 1, "wait": [5, 15]}
