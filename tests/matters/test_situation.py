"""A guide for one's own situation: what is asked, what follows, and that nothing which is needed vanishes."""

import json
from datetime import date
from itertools import product
from random import Random
from typing import Any

import pytest

from api.matters.catalogue.consistency import contradictions
from api.matters.catalogue.matter import Matter, matter_of
from api.matters.guide.situation import Situations, holds, situations_of, unknown_materials
from tests.matters.starter import RECORDS, data

RESTAURANT, MARRIAGE, PENSION = "XC-行政许可-001", "XC-行政确认-003", "XC-公共服务-011"
SITUATIONS: Situations = situations_of(data("situations.json"), data("situations_of_matters.json"))
MOST_COMBINATIONS = 10_000
LAWS = "行政许可法 民法典 国办发〔2020〕42号 就业服务与就业管理规定 陕西政务服务网"
"""What `facts`, the generic rules and READ.md name beside the catalogue."""
CODES = {record["code"] for record in RECORDS}
MATTERS = [matter_of(record) for record in RECORDS]
TODAY = date(2026, 11, 24)


def names(materials: list[dict[str, Any]]) -> list[str]:
    return [material["name"] for material in materials]


def asked(anyone: Any, code: str, answers: str = "") -> dict[str, list[str]]:
    query = f"?answers={answers}" if answers else ""
    questions = anyone.get(f"/v1/matters/{code}/guide{query}")["questions"]
    return {question["key"]: [option["value"] for option in question["options"]] for question in questions}


def test_only_what_makes_a_difference_to_this_matter_is_asked(anyone: Any) -> None:
    assert asked(anyone, RESTAURANT) == {
        "kind": ["new", "renew", "change"],
        "size": ["restaurant", "small", "packaged"],
        "applicant": ["person", "company"],
        "way": ["online", "window", "home", "courier"],
        "by": ["self", "agent"],
        "licences": ["current", "changed"],
        "result": ["pickup", "courier"],
    }
    assert asked(anyone, RESTAURANT, "way:window")["complete"] == ["yes", "later"]
    assert "complete" not in asked(anyone, RESTAURANT, "way:online")  # what follows later is not promised online yet
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

    late = anyone.get(f"{path}licences:changed,way:window,complete:later")
    assert late["held_by_state"] == []
    assert names(late["to_bring"])[-2:] == names(plain["held_by_state"])
    assert names(late["may_follow"]) == names(plain["may_follow"])
    assert not set(names(late["may_follow"])) & set(names(late["to_bring"]))
    assert "容缺受理承诺书" in names(late["to_fill_in"])


def test_only_of_a_permit_the_licensing_law_is_promised() -> None:
    sent = [matter for matter in MATTERS if matter.record["courier"]["deliver_result"]]
    for matter in sent:
        notes = SITUATIONS.personal(matter, {"result": "courier"}, TODAY, lambda *_: None).notes
        [words] = [note.words for note in notes if "寄到哪一步" in note.words.text]
        assert ("行政许可法" in words.text, "十个工作日内" in words.text) == (matter.is_permit, matter.is_permit)
        assert ("Licensing Law" in words.text_en, "working days" in words.text_en) == (matter.is_permit,) * 2
    assert {matter.is_permit for matter in sent} == {True, False}


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


def combinations(matter: Matter) -> list[dict[str, str]]:
    """Every way to answer all that is asked, nobody's answer, and ways to answer a part, drawn with a fixed seed."""
    questions = SITUATIONS.all_questions(matter)
    choices = [[option.value for option in question.options] for question in questions]
    keys = [question.key for question in questions]
    whole = [dict(zip(keys, values, strict=True)) for values in product(*choices)]
    assert len(whole) <= MOST_COMBINATIONS, "too many questions for one matter"
    draw = Random(matter.code)
    parts = [{key: value for key, value in draw.choice(whole).items() if draw.random() < 0.5} for _ in range(100)]
    return [{}, *whole, *parts]


@pytest.mark.parametrize("matter", MATTERS, ids=lambda matter: matter.code)
def test_every_combination_of_answers_leads_to_a_sound_guide_that_loses_nothing(matter: Matter) -> None:
    needed = {one.key for one in matter.materials}
    known_to_be_open = set(contradictions(matter.record))
    for answers in combinations(matter):
        assert SITUATIONS.wrong(matter, answers) == []
        mine = SITUATIONS.personal(matter, answers, TODAY, lambda days, unit, start: start)
        found = mine.guide
        told = [one for group in (found.to_bring, found.held_by_state, found.to_fill_in) for one in group]
        keys = [one.key for one in told]
        later = {one.key for one in found.may_follow} - set(keys)
        assert len(keys) == len(set(keys))
        assert needed - left_out(matter, answers) <= set(keys) | later
        assert {one.key for one in found.to_bring if one.deferrable} <= {one.key for one in found.may_follow}
        assert all(one.deferrable for one in found.may_follow)
        assert all(one.licence_name for one in found.held_by_state)
        assert len(mine.notes) == len(set(mine.notes))
        assert {one.key for one in mine.papers} == set(keys) | later
        assert len(mine.papers) == len(set(mine.papers))
        assert set(contradictions(mine.matter.record)) == known_to_be_open


def left_out(matter: Matter, answers: dict[str, str]) -> set[str]:
    """What rules of the matter's own take away, each with a note that says why."""
    own, known = SITUATIONS.own(matter), SITUATIONS.known(matter, answers)
    applied = [rule for rule in (own.rules if own else ()) if holds(rule.when, known)]
    names = {name for rule in applied for name in rule.leave_out if rule.note}
    return {one.key for one in matter.materials if one.name in names}


OWN = [(code, own) for code, rows in SITUATIONS.of_matter.items() for _, own in rows]


def test_ten_matters_and_more_have_situations_of_their_own() -> None:
    assert len({code for code, own in OWN if len(own.questions) >= 3}) >= 10


@pytest.mark.parametrize(("code", "own"), OWN, ids=[code for code, _ in OWN])
def test_what_a_rule_names_is_there(code: str, own: Situations) -> None:
    matter = next(one for one in MATTERS if one.code == code)
    offered = {q.key: {option.value for option in q.options} for q in SITUATIONS.all_questions(matter)}
    keys = {one.key for one in matter.materials}
    assert unknown_materials(matter, own) == []
    for rule in own.rules:
        assert all(set(values) <= offered[key] for key, values in rule.when.items()), dict(rule.when)
        assert {one.key for one in (*rule.bring, *rule.held, *rule.fill_in)}.isdisjoint(keys)
        assert rule.note is None or rule.note.see is None or rule.note.see in CODES
    assert all(set(values) <= offered[key] for q in own.questions for key, values in q.when.items())


@pytest.mark.parametrize(("code", "own"), OWN, ids=[code for code, _ in OWN])
def test_a_verified_note_names_a_law_that_the_catalogue_or_our_facts_have(code: str, own: Situations) -> None:
    known = json.dumps(next(record for record in RECORDS if record["code"] == code), ensure_ascii=False) + LAWS
    for note in [rule.note for rule in own.rules if rule.note]:
        law = note.basis and note.basis.split()[0].split("(")[0]
        assert not note.verified or law, note.words.text
        assert not law or law in known, law


def test_a_rule_that_departs_from_the_catalogue_without_saying_why_is_refused() -> None:
    for rule in ({"leave_out": ["m1"]}, {"edit": {"m1": {"name": "x"}}}, {"change": {"promised_days": 1}}):
        with pytest.raises(ValueError, match="note"):
            situations_of({"questions": [], "rules": [{"when": {}, **rule}]})


def test_an_answer_to_what_is_no_longer_asked_is_none(anyone: Any) -> None:
    path = f"/v1/matters/{RESTAURANT}/guide?answers="
    kept = anyone.get(f"{path}kind:new,layout:same")
    assert "layout" not in {question["key"] for question in kept["questions"]}
    assert names(kept["to_bring"]) == names(anyone.get(f"{path}kind:new")["to_bring"])
    assert "主要设备设施布局、操作流程文件" not in names(anyone.get(f"{path}kind:renew,layout:same")["to_bring"])


def test_staff_and_the_check_see_what_was_written_here(anyone: Any, app: Any) -> None:
    assert {"situations", "form"} <= set(anyone.get(f"/v1/matters/{RESTAURANT}")["unverified"])
    assert "situations" not in anyone.get(f"/v1/matters/{MARRIAGE}")["unverified"]
    lines = app.extensions["circle"].open_questions()["matters with unverified fields"]
    assert any(line.startswith(RESTAURANT) and "situations, form" in line for line in lines)


def test_a_version_that_renames_a_material_loses_nothing_and_is_noticed() -> None:
    record = next(one for one in RECORDS if one["code"] == "XC-行政许可-007")
    promise = record["materials"][1]
    moved = [{**promise, "name": "告知承诺书（新版）"}, *(one for one in record["materials"] if one is not promise)]
    later = matter_of({**record, "version": 2, "materials": moved})
    mine = SITUATIONS.personal(later, {"procedure": "usual"}, TODAY, lambda days, unit, start: start)
    assert {one.name for one in mine.papers} == {one.name for one in later.materials}
    own = SITUATIONS.own(later)
    assert own is not None
    assert unknown_materials(later, own) == ["公共场所卫生许可告知承诺书"]
