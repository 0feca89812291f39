"""Personal numbers are masked before they are stored; the original is sealed, for the officer who has the talk."""

import pytest

from chat.refusals import NotFound
from chat.talk import masking
from tests.chat.office import said

ID = "11010519491231002X"


def test_staff_may_tell_a_phone_number_but_no_identity_number():
    words = f"请打 13800138000，您的 {ID}"
    assert masking.mask(words, masking.OF_OTHERS) == "请打 13800138000，您的 110***********002X"


def test_what_is_stored_and_shown_is_masked_and_its_officer_sees_the_original(
    chat, citizen, officer, ask, office, database
):
    talk = ask(f"我是 {ID}")
    chat.post(citizen, talk, said("电话 13800138000"))
    shown = chat.messages(citizen, talk, "public", 0, 9)["items"]
    assert [(one["text"], one["masked"]) for one in shown[1:]] == [
        ("我是 110***********002X", True),
        ("电话 138****8000", True),
    ]
    kept = repr(list(database["messages"].find()))
    assert ID not in kept
    assert "13800138000" not in kept
    for nobody in (citizen, officer, office.officer("李窗口")):
        with pytest.raises(NotFound):
            chat.original(nobody, talk, 2)
    for seq in (99, 10**30):
        with pytest.raises(NotFound):
            chat.original(officer, talk, seq)
    chat.handling.claim(officer, talk)
    assert chat.original(officer, talk, 2) == {"text": f"我是 {ID}"}
    assert chat.original(officer, talk, 3) == {"text": "电话 13800138000"}
    with pytest.raises(NotFound):
        chat.original(officer, talk, 99)


def test_notes_are_masked_too(chat, officer, ask):
    talk = ask()
    chat.handling.claim(officer, talk)
    chat.post(officer, talk, said("打过 13800138000", kind="note"))
    [note] = chat.messages(officer, talk, "staff", 0, 9)["items"]
    assert note["text"] == "打过 138****8000"


def test_reasons_names_of_places_and_ratings_are_masked_too(chat, citizen, officer, ask):
    number = "我的电话13800138000 2个"
    talk = ask("在吗？")
    place = {"lon": 1, "lat": 2, "name": number}
    body = {"client_id": "0b0e3a52-9f0c-4a52-9d07-7a5f2f5f0001", "kind": "location", "location": place}
    chat.post(citizen, talk, body)
    chat.handling.claim(officer, talk)
    chat.blocks.block(officer, "b1", talk, {"hours": 1, "reason": number})
    chat.handling.end(citizen, talk, number)
    chat.handling.rate(citizen, talk, {"score": 5, "text": number})
    seen = repr([chat.get(citizen, talk), chat.messages(citizen, talk, "public", 0, 99)])
    assert "13800138000" not in seen
    assert seen.count("138****8000") >= 5
    assert chat.get(citizen, talk)["closed"]["reason"] == "我的电话138****8000 2个"


def test_an_officer_may_name_a_phone_in_the_reason_of_a_closing_but_no_identity_number(chat, officer, ask):
    talk = ask("在吗？")
    chat.handling.claim(officer, talk)
    after = chat.handling.end(officer, talk, f"请打 13800138000，{ID}")
    assert after["closed"]["reason"] == "请打 13800138000，110***********002X"


def test_with_the_account_go_the_sealed_original_and_the_words_of_the_rating(chat, citizen, officer, ask, database):
    talk = ask(f"我是 {ID}")
    chat.handling.claim(officer, talk)
    chat.handling.end(citizen, talk, None)
    chat.handling.rate(citizen, talk, {"score": 5, "text": "谢谢小王"})
    chat.forget(citizen)
    assert database["messages"].count_documents({"sealed": {"$exists": True}}) == 0
    assert chat.original(officer, talk, 2) == {"text": "（账号已注销，内容已删除）"}
    assert chat.get(officer, talk)["rating"] == {**chat.get(officer, talk)["rating"], "score": 5, "text": None}
    assert "小王" not in repr(list(database["conversations"].find()))


def test_the_original_is_kept_for_half_a_year(chat, citizen, officer, ask, clock, database):
    talk = ask(f"我是 {ID}")
    chat.handling.claim(officer, talk)
    chat.post(officer, talk, said("好"))
    clock.move(days=179)
    chat.step(clock())
    assert chat.original(officer, talk, 2) == {"text": f"我是 {ID}"}
    clock.move(days=2)
    chat.step(clock())
    assert chat.original(officer, talk, 2) == {"text": "我是 110***********002X"}
    assert database["messages"].count_documents({"sealed": {"$exists": True}}) == 0
