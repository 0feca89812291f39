"""What the situation has settled is not asked again, and two answers to one question are not handed in."""

import pytest

from api.matters.agreement import disagreements
from api.matters.form import handed_in, missing
from tests.matters.test_form import FORMS

SHOP, AID = "XC-行政许可-002", "XC-行政给付-002"
RIGHT = "和“您的情况”里选的不一样"


@pytest.mark.parametrize(
    ("code", "known", "answers", "places"),
    [
        (SHOP, {"dishes": "none"}, {"tableware": "own"}, ["tableware"]),
        (SHOP, {"dishes": "none"}, {"tableware": "disposable"}, []),
        (SHOP, {"dishes": "own"}, {"tableware": "outsourced"}, ["tableware"]),
        (SHOP, {}, {"tableware": "own"}, []),
        (AID, {"household": "alone"}, {"members": [{"name": "甲"}, {"name": "乙"}]}, ["members"]),
        (AID, {"household": "alone"}, {"members": [{"name": "甲"}, {}]}, []),
        (AID, {"household": "family"}, {"members": [{"name": "甲"}]}, ["members"]),
        (AID, {"work": "none"}, {"members": [{"work": "none"}, {"work": "casual"}]}, ["members.1.work"]),
        (AID, {"work": "some"}, {"members": [{"work": "casual"}]}, []),
    ],
)
def test_what_disagrees_with_the_situation_is_named_where_it_stands(code, known, answers, places):
    assert list(disagreements(FORMS[code], answers, known)) == places


def test_where_one_answer_is_left_it_is_the_answer():
    form, known = FORMS[SHOP], {"dishes": "own"}
    assert "tableware" in missing(form, {}, {})
    assert "tableware" not in missing(form, {}, known)
    assert handed_in(form, {}, known)["tableware"] == "own"
    assert "tableware_supplier" not in missing(form, {}, known)


def test_a_draft_that_says_two_things_is_not_handed_in(citizen):
    draft = citizen.post("/v1/drafts", {"matter": SHOP, "situation": {"dishes": "none"}})
    path = f"/v1/drafts/{draft['id']}"
    draft = citizen.patch(path, {"answers": {"tableware": "own"}}, draft["version"])
    assert any(gap["field"] == "tableware" and RIGHT in gap["why"] for gap in draft["missing"])
    problem = citizen.post(f"{path}/submit", {}, expect=422)
    assert RIGHT in problem["errors"]["tableware"][0]
    draft = citizen.patch(path, {"situation": {"dishes": "own"}}, draft["version"])
    assert "tableware" not in {gap["field"] for gap in draft["missing"]}


def test_how_the_result_is_fetched_is_one_answer_wherever_it_is_given(citizen):
    draft = citizen.post("/v1/drafts", {"matter": SHOP, "situation": {"result": "pickup"}})
    path, courier = f"/v1/drafts/{draft['id']}", {"way": "courier", "name": "王小明", "phone": "", "address": "胡家庙"}
    draft = citizen.patch(path, {"delivery": courier}, draft["version"])
    assert (draft["situation"]["result"], draft["delivery"]["way"]) == ("courier", "courier")
    draft = citizen.patch(path, {"situation": {"result": "pickup"}}, draft["version"])
    assert draft["delivery"] == {"way": "pickup"}
    draft = citizen.patch(path, {"situation": {"result": "courier"}}, draft["version"])
    assert draft["delivery"]["way"] == "courier"
    assert "delivery.address" in {gap["field"] for gap in draft["missing"]}
    draft = citizen.patch(path, {"situation": {}}, draft["version"])
    assert draft["delivery"]["way"] == "courier"
    draft = citizen.patch(path, {"delivery": {"way": "pickup"}}, draft["version"])
    assert draft["situation"] == {}


@pytest.mark.parametrize(
    "change",
    [{"answers": {"shop_name": "小店"}}, {"situation": {"result": "courier", "by": "self"}}, {"materials": {}}],
)
def test_a_draft_that_an_older_release_left_in_two_minds_keeps_its_delivery(citizen, database, app, change):
    draft = citizen.post("/v1/drafts", {"matter": SHOP, "situation": {"result": "courier"}})
    path, keys = f"/v1/drafts/{draft['id']}", app.extensions["circle"].keyring
    draft = citizen.patch(path, {"delivery": {"way": "pickup"}}, draft["version"])
    old = keys.seal_json(draft["id"], "situation", {"result": "courier"})
    database["drafts"].update_one({"_id": draft["id"]}, {"$set": {"situation": old}})
    draft = citizen.patch(path, change, draft["version"])
    assert (draft["situation"]["result"], draft["delivery"]) == ("courier", {"way": "pickup"})
