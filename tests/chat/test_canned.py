"""Canned replies of a desk, and looking for words."""

from uuid import uuid4

import pytest

from chat.refusals import BadCursor, BadFields, NotFound, RoleWrong, VersionStale
from tests.chat.office import said, site


@pytest.fixture
def keep(chat, officer):
    """Keep a reply; gives its id."""

    def kept(title, text, who=None, **about):
        return chat.replies.create(who or officer, str(uuid4()), {"title": title, "text": text, **about})["id"]

    return kept


def titles(chat, officer, query="", talk=None):
    return [one["title"] for one in chat.replies.search(officer, query, talk, (None, 20))["items"]]


def test_replies_of_the_matter_in_hand_come_first_and_are_filled_with_what_is_known(
    chat, officer, citizen, ask, keep, office
):
    office.mine |= {("guide", "0202"): None}
    keep("别的", "不相干", matter="0202")
    keep("问候", "您好，{citizen}，我是{officer}。{unknown}")
    keep("材料", "{matter}要带身份证", matter="0101")
    talk = ask("在吗？", matter="0101")
    assert titles(chat, officer, talk=talk) == ["材料", "问候", "别的"]
    filled = [one["filled"] for one in chat.replies.search(officer, "", talk, (None, 2))["items"]]
    assert filled == ["guide 0101要带身份证", "您好，张三，我是王窗口。{unknown}"]


def test_they_are_found_by_any_words_in_them(chat, officer, keep):
    keep("材料 一", "带身份证")
    keep("时间", "周一到周五")
    assert titles(chat, officer, "身份证 材料") == ["材料 一"]
    assert titles(chat, officer, "周末") == []


def test_they_belong_to_their_desk_and_a_change_needs_the_version(chat, officer, citizen, keep, office):
    reply = keep("材料", "带身份证")
    other = office.officer("赵窗口", point="XC-H02")
    assert titles(chat, other) == []
    for act in (
        lambda: chat.replies.get(other, reply),
        lambda: chat.replies.change(other, reply, {}, 1),
        lambda: chat.replies.delete(other, reply, 1),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(RoleWrong):
        chat.replies.search(citizen, "", None, (None, 9))
    assert chat.replies.change(officer, reply, {"text": "带原件"}, 1)["version"] == 2
    for stale in (lambda: chat.replies.change(officer, reply, {}, 1), lambda: chat.replies.delete(officer, reply, 1)):
        with pytest.raises(VersionStale):
            stale()
    chat.replies.delete(officer, reply, 2)
    assert titles(chat, officer) == []


def test_a_reply_that_makes_no_sense_is_refused(chat, officer, keep):
    for nonsense in ({"title": ""}, {"title": "x" * 41}, {"text": " "}, {"text": "字" * 2001}, {"matter": 7}):
        with pytest.raises(BadFields):
            keep(**{"title": "材料", "text": "带身份证", **nonsense})


def test_they_are_paged(chat, officer, keep):
    for n in range(3):
        keep(f"{n}", "x")
    first = chat.replies.search(officer, "", None, (None, 2))
    rest = chat.replies.search(officer, "", None, (first["next"], 2))
    assert [one["title"] for one in first["items"] + rest["items"]] == ["0", "1", "2"]
    assert rest["next"] is None
    with pytest.raises(BadCursor):
        chat.replies.search(officer, "", None, ("no such", 2))


def test_words_are_found_in_a_talk_and_across_what_one_has_but_never_in_notes_or_elsewhere(
    chat, officer, citizen, ask, office, clock
):
    talk, foreign = ask("户口本要原件吗？"), ask("户口本丢了", who=office.citizen("李四"))
    chat.handling.claim(officer, talk)
    chat.post(officer, talk, said("户口本（原件）", kind="note"))
    clock.move(seconds=1)
    chat.post(officer, talk, said("户口本要原件 (a+b)"))
    assert [one["seq"] for one in chat.search.in_conversation(citizen, talk, "户口本", (None, 9))["items"]] == [4, 2]
    assert [one["seq"] for one in chat.search.in_conversation(citizen, talk, "(a+b)", (None, 9))["items"]] == [4]
    first = chat.search.of_officer(officer, "户口本", (None, 1))
    second = chat.search.of_officer(officer, "户口本", (first["next"], 1))
    assert [(one["conversation"], one["seq"]) for one in first["items"] + second["items"]] == [(talk, 4), (talk, 2)]
    with pytest.raises(NotFound):
        chat.search.in_conversation(citizen, foreign, "户口本", (None, 9))
    with pytest.raises(RoleWrong):
        chat.search.of_officer(citizen, "户口本", (None, 9))


def test_one_for_every_matter_says_null_over_http(database, office, officer, clock):
    app, chat = site(database, office, clock, "threading")
    told = {"Authorization": f"Bearer {officer.token}", "Idempotency-Key": str(uuid4())}
    made = app.test_client().post(
        "/v1/canned-replies", json={"title": "问候", "text": "您好", "matter": None}, headers=told
    )
    chat.close()
    assert (made.status_code, made.json["matter"]) == (201, None)
