"""What an applicant chooses in a draft: materials that follow later (容缺受理), and a promise (告知承诺)."""

import re
from typing import Any

import pytest

from tests.way import COURIER, accepted_upload, filled_in, new_version

pytestmark = pytest.mark.usefixtures("starter_again")
CAFE, TRADE = "XC-行政许可-008", "XC-行政许可-011"
BANK = "m5"
"""资金信用证明, the material of CAFE that may follow."""
TEXT = {"version": 1, "zh": "我承诺在期限内补交，逾期不补的，同意终止办理。", "en": "I promise to bring it in time."}
DEFERRAL = {"days": 5, "unit": "工作日", "text": TEXT, "excluded": ["失信未修复的申请人"], "basis": None}
PROMISE = {"text": TEXT, "excluded": ["失信未修复的申请人"], "basis": "国办发〔2020〕42号"}


@pytest.fixture
def admin(staff: Any) -> Any:
    """An administrator."""
    return staff("admin")


@pytest.fixture
def cafe(admin: Any, citizen: Any) -> Any:
    """A draft for a matter that says how materials may follow."""
    new_version(admin, CAFE, deferral=DEFERRAL)
    return citizen.post("/v1/drafts", {"matter": CAFE, **filled_in(citizen, CAFE)})


def change(citizen: Any, draft: Any, expect: int = 200, **changes: Any) -> Any:
    return citizen.patch(f"/v1/drafts/{draft['id']}", changes, draft["version"], expect=expect)


def defer(citizen: Any, draft: Any, *keys: str, text_version: int = 1, expect: int = 200) -> Any:
    return change(citizen, draft, expect, deferral={"materials": list(keys), "text_version": text_version})


def missing(draft: Any) -> set[str | None]:
    return {gap["material"] or gap["field"] for gap in draft["missing"]}


def reason(problem: Any) -> str:
    return str(next(iter(problem["errors"].values()))[0])


def test_where_days_and_text_are_not_known_nothing_may_follow_and_the_draft_says_so(citizen: Any) -> None:
    draft = citizen.post("/v1/drafts", {"matter": CAFE, **filled_in(citizen, CAFE)})
    offer = draft["deferral"]
    assert (offer["may_follow"], offer["terms"], offer["materials"], offer["accepted_at"]) == ([BANK], None, [], None)
    assert "还没有公布" in offer["why_not"]["text"]
    assert "not published" in offer["why_not"]["text_en"]
    assert "还没有公布" in reason(defer(citizen, draft, BANK, expect=422))
    assert BANK in missing(draft)
    food = citizen.post("/v1/drafts", {"matter": "XC-公共服务-016"})
    assert (food["deferral"], food["promise"]) == (None, None)


def test_the_applicant_chooses_what_follows_upon_a_text_and_may_take_it_back(citizen: Any, cafe: Any) -> None:
    terms = cafe["deferral"]["terms"]
    assert (terms["days"], terms["unit"], terms["text"], terms["text_version"]) == (5, "working", TEXT["zh"], 1)
    assert (cafe["deferral"]["why_not"], BANK in missing(cafe)) == (None, True)
    draft = defer(citizen, cafe, BANK)
    assert (draft["deferral"]["materials"], BANK in missing(draft)) == ([BANK], False)
    assert draft["deferral"]["accepted_at"]
    defer(citizen, cafe, BANK, expect=412)  # the page knew an older draft
    again = defer(citizen, draft, BANK)
    assert again["deferral"]["materials"] == [BANK]
    draft = change(citizen, again, deferral=None)
    assert (draft["deferral"]["materials"], BANK in missing(draft)) == ([], True)


def test_nothing_else_may_follow_and_no_other_text_is_accepted(citizen: Any, cafe: Any, drain: Any) -> None:
    for key in ("m3", "m1", "m2", "nothing"):  # must be there, the form, held by the state, unknown
        assert "不能后补" in reason(defer(citizen, cafe, BANK, key, expect=422)), key
    assert "变了" in reason(defer(citizen, cafe, BANK, text_version=2, expect=422))
    draft = change(citizen, cafe, materials={BANK: [accepted_upload(citizen, drain)]})
    assert "已经传了" in reason(defer(citizen, draft, BANK, expect=422))


def test_what_was_handed_in_after_all_does_not_follow_any_more(citizen: Any, cafe: Any, drain: Any) -> None:
    draft = defer(citizen, cafe, BANK)
    draft = change(citizen, draft, materials={BANK: [accepted_upload(citizen, drain)]})
    assert (draft["deferral"]["materials"], BANK in missing(draft)) == ([], False)
    draft = change(citizen, draft, materials={BANK: []})
    assert BANK in missing(draft)  # the choice does not come back by itself


def test_a_changed_text_asks_anew(citizen: Any, cafe: Any, admin: Any) -> None:
    draft = defer(citizen, cafe, BANK)
    new_version(
        admin, CAFE, deferral={**DEFERRAL, "days": 3, "text": {**TEXT, "version": 2, "zh": "我承诺三天内补交。"}}
    )
    headers = {"If-Match": f'"{draft["version"]}"'}
    moved = citizen.post(f"/v1/drafts/{draft['id']}/move", {"version": 3}, expect=200, headers=headers)
    assert (moved["deferral"]["materials"], BANK in missing(moved)) == ([], True)
    assert "容缺后补的选择" in [words["text"] for words in moved["moved"]["left_out"]]
    assert "变了" in reason(defer(citizen, moved, BANK, text_version=1, expect=422))
    assert defer(citizen, moved, BANK, text_version=2)["deferral"]["materials"] == [BANK]


def test_a_choice_upon_the_same_text_moves_with_the_draft(citizen: Any, cafe: Any, admin: Any) -> None:
    draft = defer(citizen, cafe, BANK)
    new_version(admin, CAFE, visits=3)
    headers = {"If-Match": f'"{draft["version"]}"'}
    moved = citizen.post(f"/v1/drafts/{draft['id']}/move", {"version": 3}, expect=200, headers=headers)
    assert (moved["deferral"]["materials"], moved["moved"]["left_out"]) == ([BANK], [])


def test_a_promise_is_chosen_only_upon_a_published_text(citizen: Any, admin: Any) -> None:
    draft = citizen.post("/v1/drafts", {"matter": TRADE})
    assert "还没有公布" in draft["promise"]["why_not"]["text"]
    change(citizen, draft, 422, promise={"text_version": 1})
    new_version(admin, TRADE, promise=PROMISE)
    headers = {"If-Match": f'"{draft["version"]}"'}
    draft = citizen.post(f"/v1/drafts/{draft['id']}/move", {"version": 2}, expect=200, headers=headers)
    assert draft["promise"]["terms"]["excluded"] == PROMISE["excluded"]
    change(citizen, draft, 422, promise={"text_version": 2})
    draft = change(citizen, draft, promise={"text_version": 1})
    assert (draft["situation"]["procedure"], "promise" in missing(draft)) == ("promise", False)
    assert "promise_letter" not in missing(draft)  # the accepted text is the letter
    draft = change(citizen, draft, situation={**draft["situation"], "procedure": "usual"})
    assert draft["promise"]["accepted_at"] is None
    draft = change(citizen, draft, situation={**draft["situation"], "procedure": "promise"})
    assert "promise" in missing(draft)  # chosen in the situation, and the text not accepted
    taken = change(citizen, change(citizen, draft, promise={"text_version": 1}), promise=None, delivery=COURIER)
    assert (taken["situation"]["procedure"], taken["delivery"]["way"]) == ("usual", "courier")


@pytest.mark.parametrize("matter", [CAFE, "XC-公共服务-016"])
def test_what_is_missing_is_said_in_both_languages(citizen: Any, matter: str) -> None:
    gaps = citizen.post("/v1/drafts", {"matter": matter})["missing"]
    assert gaps
    for gap in gaps:
        own_words = re.sub('"[^"]*"', "", gap["why_en"])  # a material has its Chinese name alone
        assert not re.search(r"[\u4e00-\u9fff]", own_words), gap
        assert gap["why"] != gap["why_en"]
