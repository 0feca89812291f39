"""Versions at the HTTP face: drafted, looked through, published from a day on, and never changed again."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from api.matters.schemas.entries import EntrySchema
from tests.matters.starter import RECORDS
from tests.way import FOOD, complete_draft, submitted

PATH = f"/v1/matters/{FOOD}/versions"
NEW = "XC-公共服务-900"


pytestmark = pytest.mark.usefixtures("starter_again")


@pytest.fixture
def admin(staff: Any) -> Any:
    """An administrator."""
    return staff("admin")


def publish(admin: Any, draft: Any, expect: int = 200) -> Any:
    path = f"/v1/matters/{draft['code']}/versions/{draft['version']}/publication"
    return admin.post(path, expect=expect, headers={"If-Match": f'"{draft["edit"]}"'})


def drafted(admin: Any, **changes: Any) -> Any:
    draft = admin.post(PATH, {})
    return admin.patch(f"{PATH}/2", changes, draft["edit"]) if changes else draft


def audited(admin: Any, version: str) -> list[str]:
    rows = admin.get(f"/v1/audit?subject=matter:{version}")["items"]
    return [row["act"] for row in reversed(rows)]


def test_a_draft_is_seen_by_nobody_outside_until_it_is_published(admin: Any, anyone: Any) -> None:
    draft = drafted(admin, name="食品经营许可（餐饮）", promised_days=8)
    assert [one["field"] for one in draft["differences"]] == ["name", "promised_days"]
    assert draft["differences"][1] == {"field": "promised_days", "before": 10, "after": 8}
    assert anyone.get(f"/v1/matters/{FOOD}")["version"] == 1
    anyone.get(f"/v1/matters/{FOOD}?version=2", expect=404)
    anyone.get(f"{PATH}/2", expect=401)


def test_a_published_version_counts_at_once_and_the_one_before_stays(admin: Any, anyone: Any, clock: Any) -> None:
    draft = drafted(admin, name="食品经营许可（餐饮）", steps=[*RECORDS[0]["steps"], RECORDS[0]["steps"][-1]])
    published = publish(admin, draft)
    assert (published["state"], published["valid_from"], published["authored"]) == (
        "in_force",
        "2026-11-24",
        "office",
    )
    assert anyone.get(f"/v1/matters/{FOOD}")["name"] == "食品经营许可（餐饮）"
    assert anyone.get(f"/v1/matters/{FOOD}?version=1")["name"] == RECORDS[0]["name"]
    versions = admin.get(PATH)["items"]
    assert [(one["version"], one["state"], one["until"]) for one in versions] == [
        (2, "in_force", None),
        (1, "replaced", "2026-11-24"),
    ]
    assert audited(admin, f"{FOOD}/2") == ["matter.draft", "matter.change", "matter.publish"]


def test_a_version_planned_for_a_day_comes_into_force_on_it(admin: Any, anyone: Any, app: Any, clock: Any) -> None:
    draft = drafted(admin, promised_days=9, valid_from="2026-12-01", steps=RECORDS[0]["steps"][:1])
    problem = publish(admin, draft, expect=422)
    assert problem["errors"] == {"faq": ["许可应有常见问题和至少五个环节"]}
    short = [{**step, "days": min(step["days"], 4)} for step in RECORDS[0]["steps"]]
    published = publish(admin, admin.patch(f"{PATH}/2", {"steps": short}, draft["edit"]))
    assert published["state"] == "planned"
    assert anyone.get(f"/v1/matters/{FOOD}")["version"] == 1
    line = admin.get(f"/v1/desk/matters?q={FOOD}&state=planned")["items"][0]
    assert (line["version"], line["planned_from"]) == (1, "2026-12-01")
    clock.move(days=7)
    app.extensions["circle"].matters.follow(clock())
    assert anyone.get(f"/v1/matters/{FOOD}")["version"] == 2


def test_a_case_keeps_the_version_it_began_under(admin: Any, citizen: Any, window: Any, drain: Any) -> None:
    begun = complete_draft(citizen, drain)
    case = submitted(citizen, drain)
    publish(admin, drafted(admin, materials=RECORDS[0]["materials"][:2]))
    later = citizen.post("/v1/drafts", {"matter": FOOD, "answers": {}})
    assert later["matter"]["version"] == 2
    assert citizen.get(f"/v1/drafts/{begun['id']}")["matter"]["version"] == 1
    kept = window.get(f"/v1/cases/{case['number']}")
    assert (kept["matter"]["version"], len(kept["materials"])) == (1, len(RECORDS[0]["materials"]))
    submitted_late = citizen.post(f"/v1/drafts/{begun['id']}/submit")["case"]
    assert submitted_late["matter"]["version"] == 1


def test_what_breaks_a_rule_is_listed_and_not_published(admin: Any, anyone: Any) -> None:
    draft = drafted(admin, visits=2, fee="100 元", fee_basis=None, valid_from="2026-01-01")
    broken = {check["words"]: check["fields"] for check in draft["check"] if not check["holds"]}
    assert broken == {
        "生效日期不应早于今天": ["valid_from"],
        "全程网办（IV 级）的事项，到现场次数应为 0": ["online_depth", "visits"],
        "收费的事项应写明收费依据": ["fee", "fee_basis"],
    }
    problem = publish(admin, draft, expect=422)
    assert (problem["code"], set(problem["errors"])) == ("matter_draft_unfit", {"valid_from", "online_depth", "fee"})
    assert anyone.get(f"/v1/matters/{FOOD}")["version"] == 1
    assert "matter.publish" not in audited(admin, f"{FOOD}/2")


def test_a_version_that_says_nothing_new_is_not_published(admin: Any) -> None:
    assert "应与上一版有不同" in str(publish(admin, drafted(admin), expect=422)["errors"])


def test_publishing_twice_is_publishing_once(admin: Any) -> None:
    draft = drafted(admin, name_en="Catering licence")
    assert publish(admin, draft) == publish(admin, draft)
    assert audited(admin, f"{FOOD}/2").count("matter.publish") == 1


def at_once(*acts: Any) -> list[int]:
    """The statuses of calls that start together, each in a thread of its own."""
    gate = threading.Barrier(len(acts))
    with ThreadPoolExecutor(len(acts)) as pool:

        def go(act: Any) -> int:
            gate.wait()
            return int(act().status_code)

        return sorted(pool.map(go, acts))


def test_of_two_who_draft_at_once_one_does_and_of_two_who_publish_at_once_it_happens_once(admin: Any) -> None:
    assert at_once(*[lambda: admin.raw("POST", PATH, json={"name_en": "Catering licence"})] * 2) == [201, 409]
    path, edit = f"{PATH}/2/publication", {"If-Match": '"1"'}
    assert at_once(*[lambda: admin.raw("POST", path, headers=edit)] * 2) == [200, 200]
    assert audited(admin, f"{FOOD}/2") == ["matter.draft", "matter.publish"]


def test_two_who_change_a_draft_do_not_overwrite_each_other(admin: Any) -> None:
    draft = drafted(admin)
    admin.patch(f"{PATH}/2", {"name": "甲改的"}, draft["edit"])
    problem = admin.patch(f"{PATH}/2", {"name": "乙改的"}, draft["edit"], expect=412)
    assert problem["code"] == "version_stale"
    publish(admin, draft, expect=412)
    assert admin.post(PATH, {}, expect=409)["code"] == "matter_draft_exists"


def test_what_is_published_is_not_changed_and_not_dropped(admin: Any) -> None:
    published = publish(admin, drafted(admin, name_en="Catering licence"))
    edit = {"If-Match": f'"{published["edit"]}"'}
    admin.call("PATCH", f"{PATH}/2", {"name": "改"}, 412, headers=edit)
    admin.call("DELETE", f"{PATH}/2", None, 412, headers=edit)


def test_a_dropped_draft_is_gone(admin: Any) -> None:
    draft = drafted(admin)
    admin.call("DELETE", f"{PATH}/2", None, 204, headers={"If-Match": f'"{draft["edit"]}"'})
    admin.get(f"{PATH}/2", expect=404)
    assert admin.post(PATH, {})["version"] == 2


def test_a_matter_ends_and_does_not_fall_back_to_an_older_version(
    staff: Any, anyone: Any, app: Any, clock: Any
) -> None:
    admin = staff("admin")
    publish(admin, drafted(admin, valid_until="2026-12-01"))
    anyone.get(f"/v1/matters/{FOOD}")
    clock.move(days=7)
    app.extensions["circle"].matters.follow(clock())
    anyone.get(f"/v1/matters/{FOOD}", expect=404)
    assert anyone.get(f"/v1/matters/{FOOD}?version=2")["valid_until"] == "2026-12-01"
    assert [line["code"] for line in staff("head").get("/v1/desk/matters?state=ended")["items"]] == [FOOD]


def test_a_new_matter_begins_blank_and_its_check_list_says_what_is_missing(admin: Any, anyone: Any) -> None:
    path = f"/v1/matters/{NEW}/versions"
    assert admin.post(path, {}, expect=422)["errors"] == {"name": ["新事项要先有名称。"]}
    assert "code" in admin.post("/v1/matters/a b/versions", {"name": "养犬登记"}, expect=422)["errors"]
    draft = admin.post(path, {"name": "养犬登记"})
    missing = next(check for check in draft["check"] if check["words"] == "基本要素应填全")
    assert missing["fields"] == ["name_en", "department", "audience", "level", "conditions", "theme", "result"]
    assert [line["code"] for line in admin.get("/v1/desk/matters?q=养犬&state=draft")["items"]] == [NEW]
    filled = {
        "name_en": "Dog registration",
        "kind": "公共服务",
        "department": "新城区司法局",
        "audience": ["自然人"],
        "level": ["区"],
        "conditions": ["犬只已免疫"],
        "theme": ["城市管理"],
        "result": {"name": "养犬登记证", "validity": "1年"},
        "legal_basis": ["西安市限制养犬条例"],
    }
    publish(admin, admin.patch(f"{path}/1", filled, draft["edit"]))
    assert anyone.get(f"/v1/matters/{NEW}")["name"] == "养犬登记"
    assert anyone.get("/v1/matters/search?q=养犬登记")["results"][0]["code"] == NEW


def test_a_field_is_given_whole_or_not_at_all(admin: Any) -> None:
    draft = drafted(admin)
    problem = admin.patch(f"{PATH}/2", {"materials": [{"name": "申请书"}], "colour": "red"}, draft["edit"], expect=422)
    assert {"materials.0.kind", "colour"} <= set(problem["errors"])
    admin.patch(f"{PATH}/2", {"valid_from": "明天"}, draft["edit"], expect=422)


def test_a_material_keeps_its_key_wherever_it_moves_and_a_new_one_gets_a_new_key(admin: Any, anyone: Any) -> None:
    draft = drafted(admin)
    first, second, third, *rest = draft["entry"]["materials"]
    assert draft["differences"] == []
    fresh = {name: value for name, value in first.items() if name != "key"} | {"name": "新材料", "form": False}
    changed = admin.patch(f"{PATH}/2", {"materials": [fresh, third, first, *rest]}, draft["edit"])
    assert [one["field"] for one in changed["differences"]] == ["materials"]
    again = admin.patch(f"{PATH}/2", {"materials": [*changed["entry"]["materials"], fresh]}, changed["edit"])
    assert [one["key"] for one in again["entry"]["materials"]] == ["m6", "m3", "m1", "m4", "m5", "m7"]
    publish(admin, again)
    guide = anyone.get(f"/v1/matters/{FOOD}/guide")
    assert [one["name"] for one in guide["materials"]][:2] == ["新材料", third["name"]]
    own = anyone.get(f"/v1/matters/{FOOD}/guide?answers=by:agent,way:window")
    assert {one["key"] for one in own["to_bring"]} > {"m6", "m7"}
    assert second["key"] not in {one["key"] for one in guide["materials"]}


def test_every_matter_with_one_material_and_any_answers_still_leads_to_a_guide(admin: Any, anyone: Any) -> None:
    for record in RECORDS[::6]:
        path = f"/v1/matters/{record['code']}"
        draft = admin.post(
            f"{path}/versions", {"materials": record["materials"][:1], "verified": not record["verified"]}
        )
        if publish_if_fit(admin, draft):
            questions = anyone.get(f"{path}/guide")["questions"]
            for question in questions:
                for option in question["options"]:
                    anyone.get(f"{path}/guide?answers={question['key']}:{option['value']}")
            anyone.get(f"{path}/form")


def publish_if_fit(admin: Any, draft: Any) -> bool:
    fit = all(check["holds"] for check in draft["check"])
    publish(admin, draft, expect=200 if fit else 422)
    return fit


def test_the_list_is_searched_and_narrowed(window: Any, admin: Any) -> None:
    def codes(question: str) -> set[str]:
        return {line["code"] for line in window.get(f"/v1/desk/matters?limit=100&{question}")["items"]}

    assert len(codes("")) == 74
    assert FOOD in codes("q=餐饮 新办") < codes("q=餐饮")
    assert codes("state=wrong") == {
        "XC-行政许可-023",
        "XC-行政许可-025",
        "XC-行政确认-008",
        "XC-行政给付-010",
    }
    assert codes("kind=行政奖励") < codes("state=in_force")
    first = window.get("/v1/desk/matters?limit=50")
    assert len(window.get(f"/v1/desk/matters?limit=50&cursor={first['next']}")["items"]) == 24
    assert first["items"][0]["authored"] == "starter"
    assert "visits" in first["items"][-1]["unverified"]


def test_another_process_follows_what_was_published(admin: Any, app: Any, clock: Any) -> None:
    from api.matters.service import Matters

    office = app.extensions["circle"]
    other = Matters(office.matters._store, due=office.calendar.due, now=clock)
    other.start()
    publish(admin, drafted(admin, name_en="Catering licence"))
    assert other.matter(FOOD).version == 1
    assert other.follow(clock()) is True
    assert other.matter(FOOD).version == 2


def test_every_entry_of_the_starter_has_the_shape_of_an_entry(app: Any) -> None:
    assert [record["code"] for record in RECORDS if EntrySchema().load(record) != record] == []


def test_the_catalogue_is_exported_and_loaded_the_same(admin: Any, app: Any, clock: Any) -> None:
    office = app.extensions["circle"]
    publish(admin, drafted(admin, name_en="Catering licence", valid_from="2026-12-01"))
    exported = office.publishing.export()
    text = json.loads(json.dumps(exported, ensure_ascii=False))
    office.database["matters"].delete_many({"published": {"$exists": True}})
    assert office.publishing.load([EntrySchema().load(row) for row in text]) == []
    assert office.publishing.export() == exported
    assert (office.publishing.load(text), len(exported)) == ([], 75)
    assert audited(admin, f"{FOOD}/2")[-1] == "matter.load"


def test_a_file_with_any_fault_changes_nothing(app: Any) -> None:
    publishing = app.extensions["circle"].publishing
    before = publishing.export()
    good = {**RECORDS[1], "version": 2, "name_en": "Better"}
    for bad, words in (
        ({**RECORDS[0], "name": "别的名字"}, "不会改"),
        ({**RECORDS[0], "version": 2, "visits": 1}, "到现场次数应为 0"),
    ):
        lines = publishing.load([good, bad])
        assert len(lines) == 1
        assert words in lines[0]
    assert publishing.export() == before
