"""A talk and the case it is about: who ties it, when, and what is told of it."""

from uuid import uuid4

import pytest

from chat.refusals import CaseNotFound, CaseNumberSlip, ClaimFirst, NotFound, NotTheOfficer, VersionStale
from chat.talk.message_kinds import CARDS

CASE = "XC-1"


@pytest.fixture(autouse=True)
def case(office, citizen):
    """A case of the citizen's."""
    office.mine["case", CASE] = citizen.id
    office.mine["case", "XC-2"] = citizen.id
    office.mine["case", "XC-theirs"] = "another"


def test_an_officer_ties_only_what_they_hold(chat, office, officer, ask):
    talk, colleague = ask("在吗？"), office.officer("李窗口")
    with pytest.raises(ClaimFirst):
        chat.ties.tie(officer, talk, CASE)
    chat.handling.claim(officer, talk)
    with pytest.raises(NotTheOfficer):
        chat.ties.tie(colleague, talk, CASE)
    assert chat.ties.tie(officer, talk, CASE)["case"] == CASE


def test_a_case_must_be_there_for_both_sides(chat, citizen, officer, ask, office):
    talk = ask("在吗？")
    chat.handling.claim(officer, talk)
    for who, number in ((citizen, "XC-theirs"), (officer, "XC-theirs"), (officer, "XC-none")):
        with pytest.raises(CaseNotFound):
            chat.ties.tie(who, talk, number)
    with pytest.raises(CaseNumberSlip):
        chat.ties.tie(officer, talk, "XC-slip")
    for stranger in (office.citizen("李四"), office.officer("丙", point="XC-H02")):
        with pytest.raises(NotFound):
            chat.ties.tie(stranger, talk, CASE)


def test_tying_again_is_no_change_and_another_case_takes_its_place(chat, citizen, ask):
    talk = ask("在吗？")
    first = chat.ties.tie(citizen, talk, CASE, 1)
    assert chat.ties.tie(citizen, talk, CASE, first["version"]) == first
    with pytest.raises(VersionStale):
        chat.ties.tie(citizen, talk, "XC-2", 1)
    chat.ties.tie(citizen, talk, "XC-2", first["version"])
    assert chat.ties.of_case(CASE, citizen) == []
    assert [line["event"] for line in chat.ties.of_case("XC-2", citizen)] == ["tied"]


def test_a_case_names_its_talks_and_leads_in_only_whom_they_are_open_to(chat, citizen, officer, ask, office, clock):
    talk = ask("到哪了？", case=CASE)
    chat.handling.claim(officer, talk)
    clock.move(minutes=1)
    chat.handling.end(officer, talk, None)
    told = chat.ties.of_case(CASE, officer)
    assert [(line["event"], line["by"]["kind"], line["by"]["name"]) for line in told] == [
        ("opened", "citizen", ""),
        ("closed", "staff", "王窗口"),
    ]
    assert {line["talk"] for line in told} == {talk}
    far = chat.ties.of_case(CASE, office.officer("丙", point="XC-H02"))
    assert [line["talk"] for line in far] == [None, None]
    assert chat.ties.of_case(CASE, office.citizen("李四")) == []


def test_a_draft_that_became_a_case_ties_its_talk_unless_it_is_about_another_or_gone(chat, citizen, ask):
    talk = ask("在吗？")
    chat.ties.follow_draft(talk, CASE)
    chat.ties.follow_draft(talk, "XC-2")
    chat.ties.follow_draft("gone", CASE)
    assert chat.get(citizen, talk)["case"] == CASE
    assert [line["by"]["kind"] for line in chat.ties.of_case(CASE, citizen)] == ["system"]


def test_the_transcript_has_words_for_every_card_and_for_the_tie(chat, citizen, ask, office):
    talk = ask("在吗？")
    for type in set(CARDS) - {"point"}:
        office.mine[type, "0101"] = None
        card = {"type": type, "ref": "0101"}
        chat.post(citizen, talk, {"client_id": str(uuid4()), "kind": "card", "card": card})
    card = {"type": "point", "ref": "XC-H01"}
    chat.post(citizen, talk, {"client_id": str(uuid4()), "kind": "card", "card": card})
    chat.ties.tie(citizen, talk, CASE)
    paper = chat.transcript(citizen, talk).decode()
    assert paper.count("〔") == len(CARDS)
    assert f"已关联办件 {CASE}" in paper
