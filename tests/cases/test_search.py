"""Staff find a case by its number, the applicant's name or their telephone; a claim that is left alone ends."""

import pytest

from tests.conftest import PASSWORD, Caller
from tests.way import act, submitted

PHONE = "13800138000"


def found(caller, text, expect=200):
    answer = caller.post("/v1/desk/cases/search", {"text": text}, expect=expect)
    return [line["number"] for line in answer["items"]] if expect == 200 else answer["code"]


@pytest.fixture
def elsewhere(app, anyone):
    """A handler of another department, at another point."""
    app.extensions["circle"].identity.seed_staff("else.q", PASSWORD, "钱工", {"handler", "window"}, "XC-C01", "RSJ")
    return Caller(app.test_client(), anyone.post("/v1/staff/sessions", {"username": "else.q", "password": PASSWORD}))


def test_a_case_is_found_by_number_name_and_telephone_by_those_who_may_see_it(
    citizen, window, elsewhere, drain, database
):
    case = submitted(citizen, drain)
    number = case["number"]
    aloud = number.removeprefix("XC").replace("-", " ")
    texts = (
        number,
        number.lower().replace("-", "—"),
        aloud,
        "王小明",
        " 王小明 ",
        PHONE,
        "138 0013 8000",
        f"+86{PHONE}",
    )
    for text in texts:
        assert found(window, text) == [number], text
        assert found(elsewhere, text) == [], text
    for text in ("王", "王小", "小明", "13800138001", "？", "XC261124-7K3QF"):
        assert found(window, text) == [], text
    slip = number[:-1] + ("1" if number[-1] != "1" else "2")
    assert found(window, slip, expect=404) == "number_slip"
    assert found(window, " ", expect=422) == "bad_fields"
    rows = list(database["audit"].find({"act": "search_cases"}))
    assert rows
    assert not any("王小明" in str(row) or PHONE in str(row) for row in rows)


def test_a_search_says_no_more_than_a_list(citizen, staff, drain):
    case = submitted(citizen, drain)
    [line] = staff("supervisor").post("/v1/desk/cases/search", {"text": "王小明"}, expect=200)["items"]
    assert (line["number"], line["applicant"]) == (case["number"], {"name": "王*"})


def test_a_claim_ends_when_its_officer_does_nothing_for_three_working_days(citizen, staff, drain, clock):
    first, case = staff("window", name="甲窗口"), submitted(citizen, drain)
    case = act(first, case, "claim")  # on Tuesday 24 November
    clock.move(minutes=5)
    case = act(first, case, "note", text="已电话联系")
    clock.move(days=3)  # Friday: the third working day without an act
    other = staff("window", name="乙窗口")
    assert act(other, case, "claim", expect=409)["code"] == "held_by_other"
    assert other.get("/v1/desk/cases?queue=new")["items"][0]["officer"] == "甲窗口"
    clock.move(days=3)  # Monday
    other = staff("window", name="乙窗口")
    assert other.get("/v1/desk/cases?queue=new")["items"][0]["officer"] is None
    case = act(other, case, "claim")
    [*_, last] = other.get(f"/v1/cases/{case['number']}/timeline")["items"]
    assert (last["act"], last["text"]) == ("claim", "原认领人已不在岗，或者长期没有办理，原认领已失效。")
    assert [line["officer"] for line in other.get("/v1/desk/cases?queue=mine")["items"]] == ["乙窗口"]
