"""The rules: who may read and speak, what a post may hold, and the moves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from chat.refusals import (
    AlreadyClaimed,
    BadFields,
    ClaimFirst,
    ConversationClosed,
    NotFound,
    NotTheOfficer,
    ReopenTooLate,
    RoleWrong,
    WrongState,
)
from chat.talk import access, ids, message_kinds, transitions
from chat.talk.conversation import Conversation, Participant
from tests.chat.office import Office

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
OFFICE = Office()
CITIZEN, OTHER = OFFICE.citizen(), OFFICE.citizen("李四")
OFFICER, COLLEAGUE = OFFICE.officer(), OFFICE.officer("李审批", "handler")
OPEN_DESK = ("queued", None)
QUEUED = Conversation("c", 1, Participant(CITIZEN.id, "citizen"), "XC-H01", "queued", NOW, NOW)


def person(actor) -> Participant:
    return Participant(actor.id, actor.kind, actor.name)


def active() -> Conversation:
    return transitions.claimed(QUEUED, person(OFFICER), NOW).after


def ended() -> Conversation:
    return transitions.closed(active(), CITIZEN, None, NOW).after


def test_its_citizen_and_the_desks_may_read_it_and_for_others_it_is_not_there():
    access.check_reader(QUEUED, CITIZEN)
    access.check_reader(QUEUED, COLLEAGUE)
    for stranger in (OTHER, OFFICE.officer("档案", "archive")):
        with pytest.raises(NotFound):
            access.check_reader(QUEUED, stranger)


def test_the_staff_stream_is_not_there_for_a_citizen():
    assert access.check_stream(OFFICER, "staff") == "staff"
    with pytest.raises(NotFound):
        access.check_stream(CITIZEN, "staff")
    with pytest.raises(BadFields):
        access.check_stream(OFFICER, "other")


def test_a_citizen_speaks_while_waiting_and_while_answered_but_not_after_the_closing():
    for open_state in (QUEUED, active(), replace(QUEUED, state="left_message")):
        access.check_speaker(open_state, CITIZEN, "public")
    with pytest.raises(ConversationClosed):
        access.check_speaker(ended(), CITIZEN, "public")


def test_staff_answer_only_in_what_they_have_taken():
    with pytest.raises(ClaimFirst):
        access.check_speaker(QUEUED, OFFICER, "public")
    access.check_speaker(active(), OFFICER, "public")
    with pytest.raises(NotTheOfficer):
        access.check_speaker(active(), COLLEAGUE, "public")


def test_staff_may_note_anywhere_and_a_citizen_nowhere():
    for anywhere in (QUEUED, active(), ended()):
        access.check_speaker(anywhere, COLLEAGUE, "staff")
        with pytest.raises(RoleWrong):
            access.check_speaker(anywhere, CITIZEN, "staff")


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ({"kind": "text", "text": "在吗？"}, {"text": "在吗？"}),
        ({"kind": "text", "text": "字" * 2000}, {"text": "字" * 2000}),
        ({"kind": "text", "text": "𠮷野家 🀄"}, {"text": "𠮷野家 🀄"}),
        ({"kind": "note", "text": "<b>看一下</b>"}, {"text": "<b>看一下</b>"}),
        ({"kind": "image", "file": "u1"}, {"file": "u1"}),
        ({"kind": "card", "card": {"type": "case", "ref": "1", "x": 1}}, {"card": {"type": "case", "ref": "1"}}),
        (
            {"kind": "location", "location": {"lon": 109, "lat": 34.2}},
            {"location": {"lon": 109, "lat": 34.2, "name": ""}},
        ),
    ],
)
def test_a_post_holds_what_its_kind_needs_and_nothing_else(body, content):
    parsed = message_kinds.read_post({"client_id": str(uuid4()), "more": 1, **body})
    assert (parsed.kind, parsed.content) == (body["kind"], content)
    assert parsed.stream == ("staff" if body["kind"] == "note" else "public")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "text", "text": ""}, "text"),
        ({"kind": "text", "text": " \n "}, "text"),
        ({"kind": "text", "text": "字" * 2001}, "text"),
        ({"kind": "text", "text": "half \ud83c"}, "text"),
        ({"kind": "text", "text": 5}, "text"),
        ({"kind": "text"}, "text"),
        ({"kind": "event", "event": {"type": "closed"}}, "kind"),
        ({"kind": None}, "kind"),
        ({"kind": ["text"]}, "kind"),
        ({"kind": "file", "file": {"id": "u1"}}, "file"),
        ({"kind": "file", "file": "x" * 101}, "file"),
        ({"kind": "card", "card": {"type": "person", "ref": "1"}}, "card"),
        ({"kind": "card", "card": {"type": "case"}}, "card"),
        ({"kind": "location", "location": {"lon": 181, "lat": 0}}, "location"),
        ({"kind": "location", "location": {"lon": float("nan"), "lat": 0}}, "location"),
        ({"kind": "location", "location": {"lon": True, "lat": 0}}, "location"),
        ({"kind": "location", "location": [1, 2]}, "location"),
        ({"kind": "text", "text": "在", "client_id": "1"}, "client_id"),
        ({"kind": "text", "text": "在", "client_id": None}, "client_id"),
        ({"kind": "text", "text": "在", "client_id": {"$ne": 1}}, "client_id"),
    ],
)
def test_a_bad_post_is_refused_with_the_reason_at_its_field(body, field):
    with pytest.raises(BadFields) as refused:
        message_kinds.read_post({"client_id": str(uuid4()), **body})
    assert list(refused.value.errors) == [field]


def test_the_first_officer_takes_it_and_stays_the_owner_through_every_transfer():
    after = active()
    assert (after.state, after.officer, after.owner) == ("active", person(OFFICER), person(OFFICER))
    handed = transitions.handed_over(after, OFFICER, person(COLLEAGUE), None, NOW).after
    assert (handed.officer, handed.owner) == (person(COLLEAGUE), person(OFFICER))
    queued = transitions.sent_to_desk(handed, COLLEAGUE, "XC-H02", OPEN_DESK, None).after
    assert (queued.state, queued.desk, queued.officer, queued.owner) == ("queued", "XC-H02", None, person(OFFICER))
    assert transitions.claimed(queued, person(COLLEAGUE), NOW).after.owner == person(OFFICER)


def test_a_claim_is_refused_when_somebody_has_it_and_nothing_new_when_one_has_it_oneself():
    assert transitions.claimed(active(), person(OFFICER), NOW) is None
    with pytest.raises(AlreadyClaimed):
        transitions.claimed(active(), person(COLLEAGUE), NOW)
    with pytest.raises(ConversationClosed):
        transitions.claimed(ended(), person(OFFICER), NOW)


def test_a_claim_measures_the_wait_of_a_queue_but_not_of_a_message_left_overnight():
    later = NOW + timedelta(seconds=90)
    assert transitions.claimed(QUEUED, person(OFFICER), later).after.waited == 90
    left = replace(QUEUED, state="left_message", promised_at=later)
    taken = transitions.claimed(left, person(OFFICER), later).after
    assert (taken.waited, taken.promised_at) == (None, None)


def test_a_conversation_sent_back_keeps_its_old_place():
    back = transitions.sent_to_desk(active(), OFFICER, "XC-H01", OPEN_DESK, "要审批处看").after
    assert back.waiting_since == QUEUED.waiting_since


def test_what_comes_back_keeps_its_place_and_its_owner_and_measures_no_wait():
    back = transitions.returned(active(), OPEN_DESK, "no_reply")
    assert (back.event, back.because) == ("returned", "no_reply")
    assert (back.after.waiting_since, back.after.owner, back.after.officer) == (NOW, person(OFFICER), None)
    assert transitions.claimed(back.after, person(COLLEAGUE), NOW + timedelta(minutes=5)).after.waited is None
    assert transitions.returned(QUEUED, OPEN_DESK, "no_reply") is None


def test_only_who_still_waits_leaves_a_message():
    assert transitions.left(QUEUED, NOW).after.state == "left_message"
    for other in (active(), ended()):
        with pytest.raises(WrongState):
            transitions.left(other, NOW)


def test_only_its_citizen_and_its_officer_close_it_and_a_second_closing_changes_nothing():
    with pytest.raises(NotTheOfficer):
        transitions.closed(active(), COLLEAGUE, None, NOW)
    with pytest.raises(ClaimFirst):
        transitions.closed(QUEUED, OFFICER, None, NOW)
    assert transitions.closed(ended(), OFFICER, "再次", NOW) is None
    assert ended().closed.by == "citizen"


def test_reopening_goes_to_the_end_of_the_queue_and_ends_after_seven_days():
    later = NOW + timedelta(days=7)
    again = transitions.reopened(ended(), OPEN_DESK, 3, later).after
    assert (again.state, again.officer, again.owner, again.place) == ("queued", None, person(OFFICER), 3)
    assert (again.waiting_since, again.closed) == (later, None)
    with pytest.raises(ReopenTooLate):
        transitions.reopened(ended(), OPEN_DESK, 1, later + timedelta(seconds=1))
    with pytest.raises(WrongState):
        transitions.reopened(active(), OPEN_DESK, 1, NOW)


def test_every_move_raises_the_version_by_one():
    versions = [
        QUEUED.version,
        active().version,
        ended().version,
        transitions.reopened(ended(), OPEN_DESK, 1, NOW).after.version,
    ]
    assert versions == [1, 2, 3, 4]


def test_ids_are_uuids_of_version_7_that_sort_by_time():
    several = [ids.timed_id(NOW + timedelta(milliseconds=n)) for n in range(50)]
    assert several == sorted(several)
    assert {UUID(one).version for one in several} == {7}
    assert {UUID(one).variant for one in several} == {"specified in RFC 4122"}
    assert ids.first_id(NOW) <= several[0] < ids.first_id(NOW + timedelta(milliseconds=1)) <= several[1]
