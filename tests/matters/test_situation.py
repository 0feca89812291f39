"""A guide for one's own situation: what is asked, what follows, and that nothing which is needed vanishes."""

from datetime import date
from itertools import product
from typing import Any

import pytest

from api.matters.matter import Matter, guide, matter_of
from api.matters.situation import Situations, situations_of
from tests.matters.starter import RECORDS, data

RESTAURANT, MARRIAGE, PENSION = "XC-行政许可-001", "XC-行政确认-003", "XC-公共服务-011"
SITUATIONS: Situations = situations_of(data("situations.json"))
MATTERS = [matter_of(record) for record in RECORDS]
TODAY = date(2026, 11, 24)


def names(materials: list[dict[str, Any]]) -> list[str]:
    return [material["name"] for material in materials]


def asked(anyone: Any, code: str) -> dict[str, list[str]]:
    questions = anyone.get(f"/v1/matters/{code}/guide")["questions"]
    return {question["key"]: [option["value"] for option in question["options"]] for question in questions}


def test_only_what_makes_a_difference_to_this_matter_is_asked(anyone: Any) -> None:
    assert asked(anyone, RESTAURANT) == {
        "applicant": ["person", "company"],
        "way": ["online", "window", "home", "courier"],
        "by": ["self", "agent"],
        "licences": ["current", "changed"],
        "complete": ["yes", "later"],
        "result": ["pickup", "courier"],
    }
    assert "by" not in asked(anyone, MARRIAGE)
    assert "by" not in asked(anyone, PENSION)


def test_three_people_get_three_guides(anyone: Any) -> None:
    path = f"/v1/matters/{RESTAURANT}/guide?answers="
    plain = anyone.get(f"/v1/matters/{RESTAURANT}/guide")
    owner = anyone.get(f"{path}applicant:person,way:online,by:self,licences:current,complete:yes,result:courier")
    assert (names(owner["to_bring"]), names(owner["held_by_state"])) == (
        names(plain["to_bring"]),
        names(plain["held_by_state"]),
    )
    assert [note["text"][:4] for note in owner["notes"]] == ["要带的材", "决定作出"]

    handler = anyone.get(f"{path}applicant:company,way:window,by:agent")
    assert names(handler["to_bring"])[-2:] == ["单位授权委托书（盖公章）", "经办人居民身份证"]

    late = anyone.get(f"{path}licences:changed,complete:later")
    assert late["held_by_state"] == []
    assert names(late["to_bring"])[-2:] == names(plain["held_by_state"])
    assert names(late["may_follow"]) == names(plain["may_follow"])
    assert not set(names(late["may_follow"])) & set(names(late["to_bring"]))
    assert "容缺受理承诺书" in names(late["to_fill_in"])


def test_an_answer_is_shown_with_its_question(anyone: Any) -> None:
    questions = anyone.get(f"/v1/matters/{RESTAURANT}/guide?answers=by:agent")["questions"]
    assert {question["key"]: question["answer"] for question in questions}["by"] == "agent"
    assert {question["key"]: question["answer"] for question in questions}["way"] is None


@pytest.mark.parametrize(
    "answers", ["by:nobody", "colour:red", "by", "by:agent,", "by:agent;way:window", "BY:agent", "by:" + "a" * 31]
)
def test_an_answer_to_no_question_is_refused(anyone: Any, answers: str) -> None:
    refused = anyone.get(f"/v1/matters/{RESTAURANT}/guide?answers={answers}", expect=422)
    assert "answers" in refused["errors"]


def test_a_question_of_another_matter_is_refused(anyone: Any) -> None:
    assert anyone.get(f"/v1/matters/{MARRIAGE}/guide?answers=by:agent", expect=422)["errors"]["answers"]


@pytest.mark.parametrize("matter", MATTERS, ids=lambda matter: matter.code)
def test_every_combination_of_answers_leads_to_a_guide_that_loses_nothing(matter: Matter) -> None:
    questions = SITUATIONS.asked(matter)
    base = guide(matter, TODAY, lambda days, unit, start: None)
    needed = {one.key for one in matter.materials}
    for values in product(*[[None, *(option.value for option in question.options)] for question in questions]):
        answers = {question.key: value for question, value in zip(questions, values, strict=True) if value}
        found, notes = SITUATIONS.personal(matter, base, answers)
        told = [one.key for group in (found.to_bring, found.held_by_state, found.to_fill_in) for one in group]
        later = {one.key for one in found.may_follow} - set(told)
        assert len(told) == len(set(told))
        assert needed <= set(told) | later
        assert all(one.deferrable for one in found.may_follow)
        assert len(notes) == len(set(notes))
