"""Forms: what is asked, what an answer may be, and that nothing hostile gets through or breaks anything."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.matters.catalogue.matter import matter_of
from api.matters.form import KINDS, MOST_ROWS, Field, Form, asked, form_of, handed_in, is_blank, missing, wrong
from api.matters.guide.situation import situations_of
from tests.matters.starter import RECORDS, data

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
DATA = data("forms.json")
FORMS: dict[str, Form] = {code: form_of(DATA["common"], rows[-1]) for code, rows in DATA["matters"].items()}
OTHER = form_of(DATA["common"], DATA["other"])
SITUATIONS = situations_of(data("situations.json"), data("situations_of_matters.json"))
MATTERS = {record["code"]: matter_of(record) for record in RECORDS}
CASES = json.loads(Path(__file__).with_name("form_cases.json").read_text())
FOOD, NET_CAFE, INSURANCE = "XC-行政许可-001", "XC-行政许可-008", "XC-公共服务-004"


def every_field(fields: tuple[Field, ...]) -> Iterator[Field]:
    for field in fields:
        yield field
        yield from every_field(field.fields)


def paths(fields: tuple[Field, ...], values: dict[str, Any], known: dict[str, str], path: str = "") -> list[str]:
    """Where something is asked, in the order of the page."""
    found = []
    for field, value in asked(fields, values, known):
        found.append(f"{path}{field.key}")
        for number, row in enumerate(value or [] if field.is_group else []):
            found += paths(field.fields, row, known, f"{path}{field.key}.{number}.")
    return found


# -- the data ---------------------------------------------------------------------


@pytest.mark.parametrize("code", FORMS)
def test_the_sample_of_a_form_is_one_that_could_be_handed_in(code: str) -> None:
    form, matter = FORMS[code], MATTERS[code]
    situation = dict(form.sample_situation)
    assert SITUATIONS.wrong(matter, situation) == []
    known = SITUATIONS.known(matter, situation)
    assert wrong(form, form.sample, NOW) == {}
    assert missing(form, form.sample, known) == {}
    assert handed_in(form, form.sample, known) == form.sample  # and nothing in it is beside the point


@pytest.mark.parametrize("code", FORMS)
def test_what_a_form_names_is_there(code: str) -> None:
    form, matter = FORMS[code], MATTERS[code]
    questions = {q.key: {option.value for option in q.options} for q in SITUATIONS.all_questions(matter)}
    fields = list(every_field(form.fields))
    chosen = {one.key: {option.value for option in one.options} for one in fields if one.options}
    tops = [field.key for field in form.fields]
    assert len(tops) == len(set(tops))
    assert not set(tops) & set(questions), "a field and a question of one name"
    assert set(form.fills) <= {one.name for one in matter.materials if one.form}
    assert len({section.key for section in form.sections}) == len(form.sections)
    implied = {"applicant": {"person", "company"}}
    for field in fields:
        for key, values in field.when.items():
            assert set(values) <= {**implied, **questions, **chosen}[key], (field.key, key)


def test_ten_matters_have_a_form_and_a_filled_in_sample_and_say_that_nobody_confirmed_it() -> None:
    assert len(FORMS) >= 10
    assert all(form.sample and form.source and not form.verified for form in FORMS.values())


@pytest.mark.parametrize("form", [*FORMS.values(), OTHER], ids=[*FORMS, "other"])
def test_the_fullest_filling_is_small(form: Form) -> None:
    def size(field: Field) -> int:
        if field.is_group:
            return int(field.most or MOST_ROWS) * sum(size(one) for one in field.fields)
        return 3 * (field.longest or 20) + 20 * len(field.options)

    assert sum(size(field) for field in form.fields) < 64 * 1024


def test_a_form_that_names_an_unknown_kind_or_forgets_its_choices_is_refused() -> None:
    row = {"key": "a", "zh": "甲", "en": "A"}
    for field in ({**row, "kind": "colour"}, {**row, "kind": "choice"}, {**row, "kind": "group"}):
        with pytest.raises(KeyError):
            form_of({**DATA["common"], "fields": [field]}, DATA["other"])


# -- what is asked ------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: json.dumps(case["answers"]))
def test_the_server_asks_what_the_page_asks(case: dict[str, Any]) -> None:
    section = {"key": "all", "zh": "全部", "en": "All", "fields": CASES["fields"]}
    form = form_of(section, {**DATA["other"], "sections": []})
    assert paths(form.fields, case["answers"], case["known"]) == case["asked"]


@pytest.mark.parametrize(("text", "empty"), CASES["blank"], ids=[ascii(text) for text, _ in CASES["blank"]])
def test_a_text_of_which_nothing_is_seen_is_empty(text: str, empty: bool) -> None:
    form = FORMS[FOOD]
    answers = {**form.sample, "shop_name": text}
    assert is_blank(text) is empty
    assert ("shop_name" in missing(form, answers, {"applicant": "person"})) is empty
    assert ("shop_name" in handed_in(form, answers, {"applicant": "person"})) is not empty
    if empty:
        assert wrong(form, answers, NOW) == wrong(form, {**answers, "shop_name": ""}, NOW), "nothing to mend"


def test_rows_of_which_nothing_is_seen_are_none() -> None:
    rows = [{"name": "\u200b", "born": " "}, {}]
    assert "members" in missing(FORMS[INSURANCE], {"members": rows}, {})
    assert handed_in(FORMS[INSURANCE], {"members": [*rows, {"name": "张"}]}, {})["members"] == [{"name": "张"}]


def test_what_is_no_longer_asked_is_not_handed_in() -> None:
    form = FORMS[FOOD]
    answers = {**form.sample, "tableware": "own", "business": "snack", "diners": "300"}
    counted = handed_in(form, answers, {"applicant": "person"})
    assert "tableware_supplier" not in counted
    assert "diners" not in counted
    assert counted["tableware"] == "own"


def test_a_company_is_asked_for_its_code_and_a_person_is_not() -> None:
    assert "credit_code" in missing(FORMS[FOOD], {}, {"applicant": "company"})
    assert "credit_code" not in missing(FORMS[FOOD], {}, {"applicant": "person"})


def test_what_is_missing_is_named_to_the_row() -> None:
    rows = [{"name": "张", "born": "2020-01-01", "has_card": "yes", "relation": "child"}, {"name": " "}]
    gaps = missing(FORMS[INSURANCE], {"members": rows}, {})
    assert gaps["members.0.id_number"] == ["请填写身份证号。"]
    assert "members.0.birth_certificate" not in gaps
    assert {"members.1.name", "members.1.born", "members.1.has_card"} <= set(gaps)
    assert missing(FORMS[INSURANCE], {"members": []}, {})["members"] == ["“参保人”至少填 1 行。"]


# -- what an answer may be -----------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "place", "words"),
    [
        ({"shop_name": "长" * 61}, "shop_name", "最多 60 个字。"),
        ({"shop_name": "两\n行"}, "shop_name", "这一项写在一行里。"),
        ({"shop_name": 7}, "shop_name", "这一项应当填文字。"),
        ({"shop_name": None}, "shop_name", "这一项应当填文字。"),
        ({"shop_name": {"$ne": ""}}, "shop_name", "这一项应当填文字。"),
        ({"area": "0"}, "area", "不能小于 1。"),
        ({"area": "100001"}, "area", "不能大于 100000。"),
        ({"area": "八十"}, "area", "请填数字，最多两位小数。"),
        ({"area": "٣٠"}, "area", "请填数字，最多两位小数。"),
        ({"area": "1e9"}, "area", "请填数字，最多两位小数。"),
        ({"diners": "1.5"}, "diners", "请填整数。"),
        ({"business": "circus"}, "business", "没有这个选项，请重新选择。"),
        ({"items": "hot"}, "items", "这一项可以选几个，请重新选择。"),
        ({"items": ["hot", "stone"]}, "items", "没有这个选项，请重新选择。"),
        ({"items": ["hot"] * 6}, "items", "没有这个选项，请重新选择。"),
        ({"items": [["hot"]]}, "items", "没有这个选项，请重新选择。"),
        ({"staff": "everybody"}, "staff", "这一项一行一行地填。"),
        ({"staff": ["everybody"]}, "staff", "这一项一行一行地填。"),
        ({"staff": [{}] * 21}, "staff", "最多 20 行。"),
        ({"staff": [{}, {"post": "king"}]}, "staff.1.post", "没有这个选项，请重新选择。"),
        ({"staff": [{"wage": "1"}]}, "staff.0.wage", "这张表里没有这一项。"),
        ({"staff": [{"health_until": "2020-01-01"}]}, "staff.0.health_until", "这个日期太早了，请核对。"),
        ({"staff": [{"health_until": "2027-02-30"}]}, "staff.0.health_until", "没有这一天，请核对。"),
        ({"staff": [{"health_until": "明年"}]}, "staff.0.health_until", "日期写成 2026-01-31 这样。"),
        ({"id_number": "610102194303050021"}, "id_number", "身份证号有一位写错了，请核对。"),
        ({"phone": "029-87654321"}, "phone", "请填写 11 位手机号。"),
        (
            {"credit_code": "91110000600037341X"},
            "credit_code",
            "统一社会信用代码应为 18 位，请核对。",
        ),
        ({"colour": "red"}, "colour", "这张表里没有这一项。"),
        ({"__proto__": "x"}, "__proto__", "这张表里没有这一项。"),
    ],
)
def test_a_wrong_answer_is_refused_where_it_stands_and_in_words(
    answers: dict[str, Any], place: str, words: str
) -> None:
    assert wrong(FORMS[FOOD], answers, NOW) == {place: [words]}


@pytest.mark.parametrize(
    ("code", "answers", "place"),
    [
        (NET_CAFE, {"school_distance": "199"}, "school_distance"),
        ("XC-公共服务-003", {"lost_on": "2026-11-25"}, "lost_on"),
        ("XC-行政给付-001", {"account": "6217000000000000013"}, "account"),
        ("XC-行政给付-001", {"account": "62170000"}, "account"),
    ],
)
def test_bounds_of_single_matters(code: str, answers: dict[str, Any], place: str) -> None:
    assert list(wrong(FORMS[code], answers, NOW)) == [place]


def test_what_is_left_empty_is_not_wrong() -> None:
    empty = {field.key: [] if field.is_group or field.kind == "choices" else "" for field in FORMS[FOOD].fields}
    assert wrong(FORMS[FOOD], empty, NOW) == {}
    assert handed_in(FORMS[FOOD], empty, {}) == {}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(["hot", "yes", "2026-01-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from([field.key for field in every_field(FORMS[FOOD].fields)]) | st.text(max_size=8)


@settings(max_examples=200)
@given(st.dictionaries(KEYS, JUNK | st.lists(st.dictionaries(KEYS, JUNK, max_size=3), max_size=3), max_size=6))
def test_junk_is_refused_or_can_be_handed_in_and_never_raised(answers: dict[str, Any]) -> None:
    form = FORMS[FOOD]
    if not wrong(form, answers, NOW):
        missing(form, answers, {})
        assert wrong(form, handed_in(form, answers, {}), NOW) == {}


# -- at the HTTP face ------------------------------------------------------------------


def test_a_form_is_served_for_every_matter_by_version(anyone: Any) -> None:
    own = anyone.get(f"/v1/matters/{FOOD}/form")
    assert own == anyone.get(f"/v1/matters/{FOOD}/form?version=1")
    assert own["matter"] == {"code": FOOD, "name": RECORDS[0]["name"], "version": 1}
    assert [section["key"] for section in own["sections"]] == ["applicant", "place", "food", "people"]
    assert own["fills"] == ["m1"]
    kinds = {field["kind"] for section in own["sections"] for field in section["fields"]}
    assert kinds <= {*KINDS, "group"}
    anyone.get(f"/v1/matters/{FOOD}/form?version=9", expect=404)
    anyone.get("/v1/matters/none/form", expect=404)
    others = [anyone.get(f"/v1/matters/{code}/form") for code in MATTERS if code not in FORMS]
    assert all([s["key"] for s in form["sections"]] == ["applicant", "request"] for form in others)
    assert len(others) + len(FORMS) == len(MATTERS)
