"""The catalogue at the HTTP face."""

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from api.texts import written

CODE = "XC-行政许可-001"


def test_all_matters_are_listed_page_by_page(anyone: Any) -> None:
    first = anyone.get("/v1/matters?limit=50")
    second = anyone.get(f"/v1/matters?limit=50&cursor={first['next']}")
    codes = [item["code"] for item in first["items"] + second["items"]]
    assert (len(codes), second["next"]) == (74, None)
    assert codes == sorted(set(codes))


def test_a_list_is_narrowed_by_theme_and_by_whether_it_goes_online(anyone: Any) -> None:
    items = anyone.get("/v1/matters?theme=婚姻")["items"]
    assert {item["name_en"] for item in items} == {"Marriage registration", "Divorce registration"}
    assert anyone.get("/v1/matters?theme=婚姻&online=true")["items"] == []
    assert anyone.get("/v1/matters?theme=婚姻&online=false")["items"] == items


def test_a_matter_is_answered_in_full_with_what_is_unverified(anyone: Any) -> None:
    matter = anyone.get(f"/v1/matters/{CODE}")
    assert (matter["name"], matter["version"]) == ("食品经营许可(餐饮服务)新办", 1)
    assert matter["statutory"] == matter["promised"] == {"days": 10, "unit": "working"}
    assert matter["materials"][1]["key"] == "m2"
    assert "statutory_days" in matter["unverified"]
    assert "source" not in matter
    assert anyone.get(f"/v1/matters/{CODE}?version=1") == matter


def test_a_guide_says_when_it_will_be_done_if_accepted_today(anyone: Any) -> None:
    guide = anyone.get(f"/v1/matters/{CODE}/guide")
    assert guide["limits"] == {"from": "2026-11-24", "legal_due": "2026-12-08", "promised_due": "2026-12-08"}
    assert [material["name"] for material in guide["held_by_state"]][0] == "营业执照"
    assert guide["ways"] == {"online": True, "window": True, "home": True, "courier": True}


def test_every_guide_can_be_answered(anyone: Any) -> None:
    for item in anyone.get("/v1/matters?limit=100")["items"]:
        assert anyone.get(f"/v1/matters/{item['code']}/guide")["code"] == item["code"]


def test_search_answers_with_the_question_and_why(anyone: Any) -> None:
    answer = anyone.get("/v1/matters/search?q=额想弄个营业直照&limit=3")
    assert answer["query"] == "额想弄个营业直照"
    assert answer["results"][0]["code"] == "XC-行政许可-003"
    assert set(answer["results"][0]) == {"code", "name", "score", "why"}
    assert answer["elsewhere"] == []
    nothing = anyone.get("/v1/matters/search?q=今天天气")
    assert nothing["results"] == nothing["elsewhere"] == []


def test_search_says_whom_to_ask_for_what_another_office_does(anyone: Any) -> None:
    answer = anyone.get("/v1/matters/search?q=丢了身份证怎么补,护照也丢了")
    assert answer["results"] == []
    assert [(one["word"], one["phone"]) for one in answer["elsewhere"]] == [("身份证", None), ("护照", "12367")]
    assert set(answer["elsewhere"][0]) == {"word", "office", "office_en", "phone"}


@pytest.mark.parametrize(
    "question", ["老年 证", "残疾 补贴", "开 饭店", "老年\u3000证", "残疾\t补贴", "开\u00a0饭店\n"]
)
def test_a_search_with_blanks_finds_what_it_finds_without(anyone: Any, question: str) -> None:
    together = anyone.get(f"/v1/matters/search?q={''.join(question.split())}")["results"]
    assert anyone.get(f"/v1/matters/search?q={quote(question)}")["results"] == together != []


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200))
@example(question=" " * 200)
@example(question="\ufdfa" * 200)
@example(question="老 " * 100)
@example(question="\x85\x1d\r\u2009")
def test_any_question_is_answered(anyone: Any, question: str) -> None:
    """A NUL is the one character that no address may have (tests/http/test_bodies.py)."""
    assert anyone.get(f"/v1/matters/search?q={quote(question)}")["query"] == written(question)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/matters/XC-没有", 404),
        (f"/v1/matters/{CODE}?version=9", 404),
        (f"/v1/matters/{CODE}/guide?version=9", 404),
        ("/v1/packages/没有", 404),
        ("/v1/matters?cursor=%F0", 400),
        ("/v1/matters?limit=0", 422),
        ("/v1/matters/search", 422),
        ("/v1/matters/search?q=", 422),
        ("/v1/matters/search?q=" + "好" * 201, 422),
        (f"/v1/matters/{CODE}?version=x", 422),
    ],
)
def test_what_cannot_be_answered_is_a_problem(anyone: Any, path: str, status: int) -> None:
    assert anyone.get(path, expect=status)["status"] == status


def test_packages_and_construction_classes_are_answered(anyone: Any) -> None:
    items = anyone.get("/v1/packages")["items"]
    assert len(items) == 6
    assert anyone.get(f"/v1/packages/{items[0]['id']}") == items[0]
    classes = anyone.get("/v1/construction-classes")
    assert (len(classes["classes"]), len(classes["stages"])) == (5, 4)
