"""A draft whose matter got another version while it was filled in: told, gone on with for a while, or moved."""

from typing import Any

import pytest

from tests.matters.starter import RECORDS
from tests.way import FOOD, accepted_upload, complete_draft, new_version, submitted

pytestmark = pytest.mark.usefixtures("starter_again")
STARTED = [{**row, "key": f"m{number}"} for number, row in enumerate(RECORDS[0]["materials"], 1)]
FORM, LICENCE, PERSON, PLANS, RULES = STARTED
LAYOUT = {**PLANS, "name": "平面布局图"}
CHECKED = {**RULES, "key": "m6", "name": "食品检验报告", "deferrable": False}


@pytest.fixture
def admin(staff: Any) -> Any:
    """An administrator."""
    return staff("admin")


@pytest.fixture
def later(app: Any, clock: Any, citizen: Any, log_in: Any) -> Any:
    """So many days go by, and the citizen comes back."""

    def days(count: int) -> None:
        clock.move(days=count)
        app.extensions["circle"].matters.follow(clock())
        citizen.tokens = log_in("13800138000").tokens

    return days


def stricter(admin: Any) -> Any:
    """A second version: the plans renamed, the list of rules gone, a report asked for, two days less."""
    short = [{**step, "days": min(step["days"], 4)} for step in RECORDS[0]["steps"]]
    materials = [FORM, LICENCE, PERSON, LAYOUT, CHECKED]
    return new_version(admin, materials=materials, promised_days=8, steps=short)


def move(citizen: Any, draft: Any, version: int = 2, expect: int = 200) -> Any:
    headers = {"If-Match": f'"{draft["version"]}"'}
    return citizen.post(f"/v1/drafts/{draft['id']}/move", {"version": version}, expect=expect, headers=headers)


def read(citizen: Any, draft: Any) -> Any:
    return citizen.get(f"/v1/drafts/{draft['id']}")


def texts(words: Any) -> list[str]:
    return [one["text"] for one in words]


def test_a_draft_of_the_version_in_force_says_nothing_of_versions(citizen: Any) -> None:
    draft = citizen.post("/v1/drafts", {"matter": FOOD})
    assert (draft["newer_version"], draft["taken_until"], draft["moved"]) == (None, None, None)


def test_a_draft_says_what_a_newer_version_asks_otherwise(citizen: Any, admin: Any) -> None:
    draft = citizen.post("/v1/drafts", {"matter": FOOD})
    stricter(admin)
    told = read(citizen, draft)
    assert (told["matter"]["version"], told["taken_until"]) == (1, "2026-12-24")
    newer = told["newer_version"]
    assert (newer["version"], newer["since"], newer["must_move"]) == (2, "2026-11-24", False)
    assert texts(newer["changes"]) == [
        "承诺时限由“10 个工作日”改为“8 个工作日”。",
        f"不用再交“{RULES['name']}”。",
        f"“{PLANS['name']}”改为“平面布局图”。",
        "要多交一样：“食品检验报告”。",
    ]
    assert newer["changes"][0]["text_en"] == "Promised limit: 10 working days → 8 working days."
    assert citizen.get("/v1/drafts")["items"][0]["newer_version"] == newer


def test_a_version_that_is_only_worded_otherwise_says_so(citizen: Any, admin: Any) -> None:
    draft = citizen.post("/v1/drafts", {"matter": FOOD})
    new_version(admin, faq=RECORDS[0]["faq"][:1])
    assert texts(read(citizen, draft)["newer_version"]["changes"]) == ["您这种情况要办的没有变，只是说明文字有改动。"]


def test_the_old_version_may_be_handed_in_for_thirty_days(citizen: Any, admin: Any, drain: Any, later: Any) -> None:
    draft = complete_draft(citizen, drain)
    other = complete_draft(citizen, drain)
    stricter(admin)
    later(29)
    assert citizen.post(f"/v1/drafts/{draft['id']}/submit")["case"]["matter"]["version"] == 1
    assert read(citizen, draft)["newer_version"] is None  # it is a case now, and stays what it was
    later(1)
    refused = citizen.post(f"/v1/drafts/{other['id']}/submit", expect=422)
    assert (refused["code"], refused["errors"]) == (
        "draft_incomplete",
        {"matter": ["您起草时的那一版已经停用，请先改用新版。"]},
    )
    assert read(citizen, other)["newer_version"]["must_move"] is True


def test_moving_keeps_what_fits_and_says_what_does_not(citizen: Any, admin: Any, drain: Any) -> None:
    draft = complete_draft(citizen, drain)
    rules = {"materials": {"m5": [accepted_upload(citizen, drain)]}}
    draft = citizen.patch(f"/v1/drafts/{draft['id']}", rules, draft["version"])
    stricter(admin)
    moved = move(citizen, draft)
    assert (moved["matter"]["version"], moved["newer_version"], moved["taken_until"]) == (2, None, None)
    assert (moved["answers"], moved["situation"], moved["delivery"]) == (
        draft["answers"],
        draft["situation"],
        draft["delivery"],
    )
    assert moved["materials"] == {"m4": draft["materials"]["m4"]}
    assert (moved["moved"]["from_version"], texts(moved["moved"]["left_out"])) == (1, [f"“{RULES['name']}”的文件"])
    assert [gap["material"] for gap in moved["missing"]] == ["m6"]
    report = {"materials": {"m6": [accepted_upload(citizen, drain)]}}
    whole = citizen.patch(f"/v1/drafts/{draft['id']}", report, moved["version"])
    case = citizen.post(f"/v1/drafts/{whole['id']}/submit")["case"]
    assert case["matter"]["version"] == 2


def test_a_draft_moves_once_and_only_to_the_version_that_counts(
    citizen: Any, other_citizen: Any, admin: Any, drain: Any
) -> None:
    draft = citizen.post("/v1/drafts", {"matter": FOOD})
    assert "version" in move(citizen, draft, expect=422)["errors"]  # there is none yet
    stricter(admin)
    move(other_citizen, draft, expect=404)
    assert "version" in move(citizen, draft, version=3, expect=422)["errors"]
    moved = move(citizen, draft)
    assert move(citizen, draft, expect=412)["code"] == "version_stale"  # the same once more
    assert "version" in move(citizen, moved, expect=422)["errors"]


def test_what_was_submitted_is_not_moved(citizen: Any, admin: Any, drain: Any) -> None:
    submitted(citizen, drain)
    draft = complete_draft(citizen, drain)
    citizen.post(f"/v1/drafts/{draft['id']}/submit")
    stricter(admin)
    assert move(citizen, draft, expect=409)["code"] == "draft_submitted"


def test_a_version_planned_for_later_is_no_newer_one_yet(citizen: Any, admin: Any, later: Any) -> None:
    draft = citizen.post("/v1/drafts", {"matter": FOOD})
    new_version(admin, faq=RECORDS[0]["faq"][:1], valid_from="2026-12-01")
    told = read(citizen, draft)
    assert (told["newer_version"], told["taken_until"]) == (None, "2026-12-31")
    later(7)
    assert read(citizen, draft)["newer_version"]["version"] == 2


def test_an_end_is_told_ahead_closes_drafts_on_the_day_and_leaves_cases_alone(
    citizen: Any, staff: Any, admin: Any, drain: Any, later: Any
) -> None:
    """The office may end a matter whoever has begun: what was handed in is decided, what was not has been told."""
    case = submitted(citizen, drain)
    draft = complete_draft(citizen, drain)
    new_version(admin, valid_until="2026-12-01")
    assert read(citizen, draft)["taken_until"] == "2026-12-01"
    later(7)
    closed = read(citizen, draft)
    assert (closed["newer_version"], closed["missing"][0]["why"]) == (None, "这个事项已经停办，不能再提交。")
    assert citizen.post(f"/v1/drafts/{draft['id']}/submit", expect=422)["code"] == "draft_incomplete"
    assert citizen.post("/v1/drafts", {"matter": FOOD}, expect=422)["errors"]["matter"]
    headers = {"If-Match": f'"{case["version"]}"'}
    staff("window").post(f"/v1/cases/{case['number']}/actions", {"act": "accept"}, expect=200, headers=headers)
