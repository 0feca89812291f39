"""What a version carries of its own: situations and a form, checked before it is published, and then its own alone."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from api.matters.catalogue import content as rules
from api.matters.catalogue.matter import matter_of
from api.matters.guide.situation import situations_of
from api.matters.schemas.content import OwnForm, OwnSituation
from tests.matters.starter import RECORDS, data
from tests.way import FOOD, ID_NUMBER, complete_draft, new_version

pytestmark = pytest.mark.usefixtures("starter_again")
PATH = f"/v1/matters/{FOOD}/versions"
SITUATIONS, FORMS = data("situations_of_matters.json"), data("forms.json")
BY_CODE = {record["code"]: record for record in RECORDS}
GROUND = rules.ContentContext(
    situations_of(data("situations.json")), FORMS["common"], BY_CODE, datetime(2026, 11, 24, 2, tzinfo=UTC)
)


def carried(rows: Any) -> Any:
    """The newest part of the program's data for a matter, as a version may carry it."""
    return {key: value for key, value in rows[-1].items() if key != "from_version"}


QUESTION = {
    "key": "delivery_only",
    "zh": "只做外卖吗？",
    "en": "Delivery only?",
    "options": [{"value": "yes", "zh": "只做外卖", "en": "Yes"}, {"value": "no", "zh": "有堂食", "en": "No"}],
}
PLATFORM = {"key": "platform", "name": "入网经营承诺书", "kind": "原件"}
NOTE = {"zh": "只做外卖的，要交入网经营承诺书。", "en": "Delivery only: bring the platform promise."}
SITUATION = {
    "source": "区里编写",
    "verified": True,
    "questions": [QUESTION],
    "rules": [{"when": {"delivery_only": "yes"}, "bring": [PLATFORM], "note": NOTE}],
}
SEATS = {"key": "seats", "kind": "count", "zh": "座位数", "en": "Seats", "required": True, "least": "1"}
FORM = {
    "source": "区里编写",
    "verified": True,
    "fills": ["食品经营许可申请书"],
    "common": {},
    "sections": [
        {"key": "place", "zh": "店的情况", "en": "The place", "fields": [{**SEATS, "when": {"delivery_only": "no"}}]}
    ],
    "sample": {
        "situation": {"delivery_only": "no"},
        "answers": {"applicant_name": "张示例", "id_number": "610102198001010015", "seats": "20"},
    },
}


@pytest.fixture
def admin(staff: Any) -> Any:
    """An administrator."""
    return staff("admin")


def broken(**parts: Any) -> list[str]:
    """What does not hold of the food licence with these parts."""
    return [check.words for check in rules.checks({**RECORDS[0], **parts}, GROUND) if not check.holds]


def turned(part: Any, *path: Any, to: Any) -> Any:
    """The same with another value at a path."""
    copy = deepcopy(part)
    holder = copy
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = to
    return copy


@pytest.mark.parametrize("code", SITUATIONS)
def test_what_came_with_the_program_could_be_carried_by_a_version(code: str) -> None:
    situation, form = carried(SITUATIONS[code]), carried(FORMS["matters"][code])
    assert (OwnSituation().load(situation), OwnForm().load(form)) == (situation, form)
    entry = {**BY_CODE[code], "situation": situation, "form": form}
    assert [check.words for check in rules.checks(entry, GROUND) if not check.holds] == []
    own = situations_of(situation)
    ways = list(rules.answers_of(own, GROUND.situations.of(matter_of(entry), own).all_questions(matter_of(entry))))
    assert len(ways) < rules.MOST_ANSWERS / 2, "each way to answer is a guide to be made"


def test_every_way_to_answer_is_tried_the_unanswered_included() -> None:
    own = situations_of(SITUATION)
    questions = GROUND.situations.of(matter_of(RECORDS[0]), own).all_questions(matter_of(RECORDS[0]))
    assert list(rules.answers_of(own, questions)) == [{}, {"delivery_only": "yes"}, {"delivery_only": "no"}]


RULE = SITUATION["rules"][0]


@pytest.mark.parametrize(
    ("situation", "words"),
    [
        (turned(SITUATION, "questions", 0, "key", to="way"), "情形 questions.0.key：way 已经用过了"),
        (turned(SITUATION, "questions", 0, "when", to={"colour": "red"}), "questions.0.when：colour 不是前面的问题"),
        (turned(SITUATION, "rules", 0, "when", to={"colour": "red"}), "rules.0.when：colour 不是这个事项的问题"),
        (turned(SITUATION, "rules", 0, "when", to={"delivery_only": "maybe"}), "delivery_only 没有选项 maybe"),
        (turned(SITUATION, "rules", 0, "bring", 0, "key", to="m1"), "key m1 是事项材料的"),
        (turned(SITUATION, "rules", 0, "leave_out", to=["没有的材料"]), "材料里没有“没有的材料”"),
        (turned(SITUATION, "rules", 0, to={"when": {}, "leave_out": ["营业执照"]}), "要有 note 说明原因"),
        (turned(SITUATION, "rules", 0, "note", "see", to="XC-无"), "rules.0.note.see：没有事项 XC-无"),
        (turned(SITUATION, "rules", 0, "held", to=[{**PLATFORM, "key": "x"}]), "应写明证照名称"),
        (turned(SITUATION, "rules", 0, "change", to={"visits": 2}), "回答 delivery_only:yes 时，不符合规则"),
        (turned(SITUATION, "questions", 0, "options", 1, "value", to="yes"), "两个选项的 value 一样"),
    ],
)
def test_a_situation_that_leads_nowhere_is_named_by_its_place(situation: Any, words: str) -> None:
    assert any(words in line for line in broken(situation=situation)), broken(situation=situation)


def test_questions_without_end_are_refused_not_tried() -> None:
    many = [{**QUESTION, "key": f"q_{letter}"} for letter in "abcdefgh"]
    assert "超过 1000 种" in broken(situation={**SITUATION, "questions": many, "rules": []})[0]


FIELD = ("sections", 0, "fields", 0)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (turned(FORM, "fills", to=["营业执照"]), "表单 fills：材料里没有要填的“营业执照”"),
        (turned(FORM, "common", to={"colour": {"required": True}}), "common.colour：共同的第一页没有这一项"),
        (turned(FORM, *FIELD, "kind", to="choice"), "sections.0.fields.0：kind 和 options"),
        (turned(FORM, *FIELD, "least", to="很多"), "sections.0.fields.0.least"),
        (turned(FORM, *FIELD, "key", to="phone"), "fields：phone 用了两次"),
        (turned(FORM, *FIELD, "key", to="delivery_only"), "和情形问题同名"),
        (turned(FORM, *FIELD, "when", to={"colour": "red"}), "seats.when：colour 不是上面的项或情形问题"),
        (turned(FORM, "sample", "answers", "seats", to="0"), "sample.answers.seats：不能小于 1"),
        (turned(FORM, "sample", "answers", to={"seats": "20"}), "sample.answers.applicant_name"),
        (turned(FORM, "sample", "situation", to={"delivery_only": "maybe"}), "sample.situation：delivery_only"),
    ],
)
def test_a_form_that_cannot_be_filled_in_is_named_by_its_place(form: Any, words: str) -> None:
    found = broken(situation=SITUATION, form=form)
    assert any(words in line for line in found), found


def test_a_shape_that_is_none_is_refused_at_once_with_its_place(admin: Any) -> None:
    draft = admin.post(PATH, {})
    wrong = turned(SITUATION, "rules", 0, "note", to={"zh": "只有中文"})
    assert set(admin.patch(f"{PATH}/2", {"situation": wrong}, draft["edit"], expect=422)["errors"]) == {
        "situation.rules.0.note.en"
    }
    loose = turned(FORM, *FIELD, "kind", to="colour")
    problem = admin.patch(f"{PATH}/2", {"form": loose}, draft["edit"], expect=422)
    assert set(problem["errors"]) == {"form.sections.0.fields.0.kind"}


def test_a_draft_shows_what_came_with_the_program_and_its_own_guide_before_it_is_published(
    admin: Any, window: Any, anyone: Any
) -> None:
    draft = admin.post(PATH, {})
    assert draft["inherited"]["situation"] == carried(SITUATIONS[FOOD])
    assert "situation" not in draft["entry"]
    draft = admin.patch(f"{PATH}/2", {"situation": SITUATION, "form": FORM}, draft["edit"])
    assert [one["field"] for one in draft["differences"]] == ["situation", "form"]
    preview = window.get(f"{PATH}/2/guide?answers=delivery_only:yes")
    assert "入网经营承诺书" in {one["name"] for one in preview["to_bring"]}
    assert [note["text"] for note in preview["notes"]][0] == NOTE["zh"]
    window.get(f"{PATH}/2/guide?answers=size:small", expect=422)  # the program's question is gone
    assert "delivery_only" not in {q["key"] for q in anyone.get(f"/v1/matters/{FOOD}/guide")["questions"]}
    unsound = admin.patch(
        f"{PATH}/2", {"situation": turned(SITUATION, "rules", 0, "when", to={"no": "no"})}, draft["edit"]
    )
    assert window.get(f"{PATH}/2/guide", expect=422)["code"] == "matter_draft_unfit"
    headers = {"If-Match": f'"{unsound["edit"]}"'}
    refused = admin.post(f"{PATH}/2/publication", expect=422, headers=headers)
    assert set(refused["errors"]) == {"situation"}


def test_a_published_version_has_its_own_questions_and_form_and_older_ones_keep_theirs(
    admin: Any, citizen: Any, anyone: Any, drain: Any
) -> None:
    begun = complete_draft(citizen, drain)
    new_version(admin, situation=SITUATION, form=FORM)
    guide = f"/v1/matters/{FOOD}/guide"
    assert "delivery_only" in {one["key"] for one in anyone.get(guide)["questions"]}
    assert "delivery_only" not in {one["key"] for one in anyone.get(f"{guide}?version=1")["questions"]}
    assert [one["key"] for one in anyone.get(f"/v1/matters/{FOOD}/form")["sections"]] == ["applicant", "place"]
    assert len(anyone.get(f"/v1/matters/{FOOD}/form?version=1")["sections"]) == 4
    assert not {"situations", "form"} & set(anyone.get(f"/v1/matters/{FOOD}")["unverified"])

    told = citizen.get(f"/v1/drafts/{begun['id']}")["newer_version"]["changes"]
    assert {"表里不再问“店名”。", "“地址”的填法有变。"} & {one["text"] for one in told}
    headers = {"If-Match": f'"{begun["version"]}"'}
    moved = citizen.post(f"/v1/drafts/{begun['id']}/move", {"version": 2}, expect=200, headers=headers)
    left = {one["text"] for one in moved["moved"]["left_out"]}
    assert {"“店名”", "“从业人员”", "“店是什么样的？”"} <= left
    assert moved["answers"].keys() == {"applicant_name", "id_number", "phone", "address"}
    assert moved["situation"] == {"applicant": "person"}
    assert citizen.post(f"/v1/drafts/{begun['id']}/submit")["case"]["matter"]["version"] == 2

    fresh = citizen.post("/v1/drafts", {"matter": FOOD, "situation": {"delivery_only": "no"}})
    answers = {"applicant_name": "王小明", "id_number": ID_NUMBER, "seats": "0"}
    problem = citizen.patch(f"/v1/drafts/{fresh['id']}", {"answers": answers}, fresh["version"], expect=422)
    assert set(problem["errors"]) == {"answers.seats"}


def test_the_next_version_goes_on_with_them_and_may_give_them_up(admin: Any, anyone: Any) -> None:
    new_version(admin, situation=SITUATION)
    third = new_version(admin, name_en="Catering licence")
    assert third["entry"]["situation"] == SITUATION
    new_version(admin, situation=None)
    keys = {one["key"] for one in anyone.get(f"/v1/matters/{FOOD}/guide")["questions"]}
    assert "delivery_only" not in keys
    assert "size" in keys


def test_a_catalogue_goes_out_and_comes_in_with_them_over_http(admin: Any, window: Any, app: Any) -> None:
    new_version(admin, situation=SITUATION, form=FORM)
    exported = window.get("/v1/desk/matters/export")
    assert len(exported["items"]) == 75
    app.extensions["circle"].database["matters"].delete_many({"published": {"$exists": True}})
    text = json.loads(json.dumps(exported, ensure_ascii=False))
    assert admin.post("/v1/desk/matters/import", text, expect=200) == {"added": 1, "passed_over": 74}
    assert admin.post("/v1/desk/matters/import", text, expect=200) == {"added": 0, "passed_over": 75}
    assert window.get("/v1/desk/matters/export") == exported
    assert window.get(f"{PATH}/2")["by"] == admin.person["id"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 2, "situation": turned(SITUATION, "rules", 0, "when", to={"no": "no"})}, "rules.0.when：no 不是"),
        ({"name": "别的名字"}, "已发布的版本不会改"),
    ],
)
def test_a_file_with_any_fault_brings_in_nothing(admin: Any, window: Any, change: Any, words: str) -> None:
    before = window.get("/v1/desk/matters/export")
    items = [{**RECORDS[1], "version": 2, "name_en": "Better"}, {**RECORDS[0], **change}]
    refused = admin.post("/v1/desk/matters/import", {"items": items}, expect=422)
    assert words in refused["errors"]["items"][0]
    assert window.get("/v1/desk/matters/export") == before
