"""Templates of acts over HTTP: whose they are, what they may say, how a case fills them in, what an act keeps."""

import threading

import pytest

from tests.conftest import PASSWORD, Caller
from tests.way import FOOD, act, submitted

NEW = {
    "act": "decide",
    "outcome": "refuse",
    "matter": FOOD,
    "name": "场所不符",
    "text": "{applicant}于{submitted}申请的{matter}（{number}），经{department}{officer}审查，{day}决定不予许可。",
    "remedies": "整改后可以重新申请。",
    "grounds": ["《食品安全法》第三十三条", "《食品经营许可和备案管理办法》第十二条"],
}
GRANT = {"act": "decide", "outcome": "grant", "name": "准予", "text": "符合条件，准予许可。"}
PATH = "/v1/act-templates"


@pytest.fixture
def seeded(app, anyone):
    """Log in a member of staff with a role in a department."""

    def log_in(role, department, name="孙主任"):
        username = f"{role}.{department or 'all'}".lower()
        app.extensions["circle"].identity.seed_staff(username, PASSWORD, name, {role}, None, department)
        body = {"username": username, "password": PASSWORD}
        return Caller(app.test_client(), anyone.post("/v1/staff/sessions", body))

    return log_in


@pytest.fixture
def head(seeded):
    return seeded("head", "SPJ")


@pytest.fixture
def accepted(citizen, window, drain):
    return act(window, submitted(citizen, drain), "accept")


def version(row):
    return {"If-Match": f'"{row["version"]}"'}


def offered(caller, case, name="decide", expect=200):
    answer = caller.get(f"/v1/cases/{case['number']}/act-templates?act={name}", expect=expect)
    return answer["items"] if expect == 200 else answer


def used(row):
    return {"id": row["id"], "version": row["version"]}


# -- whose they are ------------------------------------------------------------------------


def test_each_department_has_its_own_and_no_other_sees_or_changes_them(seeded, head):
    mine, other = head.post(PATH, NEW), seeded("head", "RSJ")
    assert (mine["department"]["code"], mine["by"], mine["version"]) == ("SPJ", "孙主任", 1)
    assert other.get(PATH)["items"] == []
    for call in (
        lambda: other.get(f"{PATH}/{mine['id']}", expect=404),
        lambda: other.get(f"{PATH}/{mine['id']}/versions", expect=404),
        lambda: other.patch(f"{PATH}/{mine['id']}", {"name": "我的"}, 1, expect=404),
        lambda: other.post(f"{PATH}/{mine['id']}/retirement", {}, expect=404, headers=version(mine)),
        lambda: other.post(PATH, {**NEW, "department": "SPJ"}, expect=404),
        lambda: other.get(f"{PATH}?department=SPJ", expect=404),
    ):
        assert call()["code"] == "not_found"


def test_an_administrator_of_no_department_names_one_and_one_of_a_department_has_that_alone(seeded, head):
    district, posted = seeded("admin", None), seeded("admin", "RSJ")
    mine = head.post(PATH, NEW)
    assert district.post(PATH, GRANT, expect=422)["errors"].keys() == {"department"}
    assert district.get(PATH, expect=422)["errors"].keys() == {"department"}
    assert district.post(PATH, {**GRANT, "department": "NOPE"}, expect=422)["errors"].keys() == {"department"}
    assert district.post(PATH, {**GRANT, "department": "SPJ"})["department"]["code"] == "SPJ"
    assert {row["name"] for row in district.get(f"{PATH}?department=SPJ")["items"]} == {"场所不符", "准予"}
    assert district.patch(f"{PATH}/{mine['id']}", {"name": "场所"}, 1)["version"] == 2
    posted.patch(f"{PATH}/{mine['id']}", {"name": "别的"}, 2, expect=404)


def test_who_was_dismissed_or_moved_changes_nothing_any_more(app, anyone, head, seeded):
    mine, admin = head.post(PATH, NEW), seeded("admin", None)
    staff_id = head.person["id"]
    post = admin.get(f"/v1/staff/{staff_id}")
    admin.patch(f"/v1/staff/{staff_id}", {"department": "RSJ"}, post["version"])
    assert head.patch(f"{PATH}/{mine['id']}", {"name": "我的"}, 1, expect=401)["code"] == "token_bad"
    body = {"username": "head.spj", "password": PASSWORD}
    head = Caller(app.test_client(), anyone.post("/v1/staff/sessions", body))
    head.patch(f"{PATH}/{mine['id']}", {"name": "我的"}, 1, expect=404)
    post = admin.get(f"/v1/staff/{staff_id}")
    admin.patch(f"/v1/staff/{staff_id}", {"active": False}, post["version"])
    assert head.patch(f"{PATH}/{mine['id']}", {"name": "我的"}, 1, expect=401)["code"] == "token_bad"
    assert admin.get(f"{PATH}/{mine['id']}")["name"] == "场所不符"


# -- what they may say --------------------------------------------------------------------------

WRONG = [
    ({"text": "您好{applicant}，{telephone}"}, "text", "没有这样的填写项：{telephone}"),
    ({"remedies": "{court}"}, "remedies", "没有这样的填写项：{court}"),
    ({"text": "{}"}, "text", "没有这样的填写项：{}"),
    ({"text": "{number"}, "text", "花括号"),
    ({"text": "number}"}, "text", "花括号"),
    ({"text": "{{number}}"}, "text", "花括号"),
    ({"text": " \u200b "}, "text", "请写用语的内容"),
    ({"text": "字" * 1990, "remedies": "字" * 11}, "text", "不超过 2000 个字"),
    ({"name": "两\n行"}, "name", "请写名称"),
    ({"outcome": "grant"}, "remedies", "只有不予同意的用语才写救济途径"),
    ({"matter": "XC-没有-001"}, "matter", "没有这个事项"),
    ({"grounds": ["{matter}第三条"]}, "grounds", "不能有填写项"),
    ({"act": "request_extension"}, "outcome", "不分同意和不同意"),
    ({"act": "request_extension", "outcome": "", "remedies": ""}, "grounds", "不写法律依据"),
    ({"act": "claim"}, "act", ""),
    ({"language": "fr"}, "language", ""),
]


@pytest.mark.parametrize(
    ("change", "field", "words"), WRONG, ids=[f"{field}-{n}" for n, (_, field, _) in enumerate(WRONG)]
)
def test_what_no_case_could_fill_in_is_refused_when_it_is_saved(head, change, field, words):
    refused = head.post(PATH, {**NEW, **change}, expect=422)
    assert any(words in reason for reason in refused["errors"][field])
    english = head.post(PATH, {**NEW, **change}, expect=422, headers={"Accept-Language": "en"})
    assert all(reason.isascii() for reason in english["errors"][field] if "XC-" not in reason)
    assert head.get(PATH)["items"] == []


def test_two_writers_at_once_leave_one_change_and_every_version(head):
    mine, begin, answers = head.post(PATH, NEW), threading.Barrier(3), []

    def change(name):
        begin.wait()
        answers.append(
            head.raw("PATCH", f"{PATH}/{mine['id']}", json={"name": name}, headers=version(mine)).status_code
        )

    writers = [threading.Thread(target=change, args=(f"第{n}位",)) for n in range(2)]
    for writer in writers:
        writer.start()
    begin.wait()
    for writer in writers:
        writer.join()
    assert sorted(answers) == [200, 412]
    head.patch(f"{PATH}/{mine['id']}", {"text": "改过。"}, 2)
    page = head.get(f"{PATH}/{mine['id']}/versions?limit=2")
    assert [row["version"] for row in page["items"]] == [3, 2]
    older = head.get(f"{PATH}/{mine['id']}/versions?cursor={page['next']}")["items"]
    assert [(row["version"], row["name"], row["text"]) for row in older] == [(1, NEW["name"], NEW["text"])]
    assert head.raw("PATCH", f"{PATH}/{mine['id']}", json={"name": "无"}).status_code == 428


def test_a_retired_one_stays_readable_and_is_offered_and_changed_no_more(head, handler, accepted):
    mine = head.post(PATH, NEW)
    gone = head.post(f"{PATH}/{mine['id']}/retirement", {}, expect=200, headers=version(mine))
    assert (gone["retired"], gone["version"]) == (True, 2)
    assert (head.get(PATH)["items"], [row["id"] for row in head.get(f"{PATH}?retired=true")["items"]]) == (
        [],
        [mine["id"]],
    )
    assert head.patch(f"{PATH}/{mine['id']}", {"name": "又用"}, 2, expect=409)["code"] == "template_retired"
    assert offered(handler, accepted) == []


# -- in a case ---------------------------------------------------------------------------------------


def test_a_case_fills_in_the_fields_and_chooses_neither_outcome_nor_ground(head, handler, accepted):
    head.post(PATH, NEW)
    head.post(PATH, {**NEW, "matter": "XC-行政确认-002", "name": "别的事项"})
    head.post(PATH, {**GRANT, "language": "en", "name": "Granted", "text": "Granted on {day}."})
    special, general = offered(handler, accepted)
    assert special["text"] == (
        f"王小明于2026 年 11 月 24 日申请的{accepted['matter']['name']}（{accepted['number']}），"
        f"经{accepted['department']['name']}李审批审查，2026 年 11 月 24 日决定不予许可。\n整改后可以重新申请。"
    )
    assert (special["field"], special["outcome"], special["grounds"]) == ("text", "refuse", NEW["grounds"])
    assert general["text"] == "Granted on 24 Nov 2026."
    assert offered(handler, accepted, "decline") == []


def test_the_name_of_an_applicant_fills_in_nothing_further(head, handler, citizen, window, drain, app):
    head.post(PATH, {**GRANT, "text": "{applicant}：准予。"})
    office, case = app.extensions["circle"], act(window, submitted(citizen, drain), "accept")
    record = office.cases._store.by_number(case["number"])
    answers = {**office.cases._reader.answers(record), "applicant_name": "{number}"}
    sealed = office.keyring.seal_json(record.id, "answers", answers)
    office.database["cases"].update_one({"_id": record.id}, {"$set": {"answers": sealed}})
    assert offered(handler, case)[0]["text"] == "{number}：准予。"


def test_only_who_handles_the_case_is_offered_its_templates_and_that_is_audited(
    head, seeded, staff, window, handler, accepted, citizen, database
):
    head.post(PATH, NEW)
    assert offered(seeded("handler", "RSJ"), accepted, expect=404)["code"] == "not_found"
    assert offered(staff("supervisor"), accepted, expect=403)["code"] == "role_wrong"
    assert offered(citizen, accepted, expect=403)["code"] == "role_wrong"
    before = database["audit"].count_documents({"act": "read_unmasked"})
    assert len(offered(window, accepted)) == len(offered(handler, accepted)) == 1
    assert database["audit"].count_documents({"act": "read_unmasked"}) == before + 2


def test_an_act_keeps_its_text_and_names_the_template_and_version_for_staff_alone(head, handler, citizen, accepted):
    mine = head.post(PATH, NEW)
    [offer] = offered(handler, accepted)
    head.patch(f"{PATH}/{mine['id']}", {"text": "后来改的。", "name": "新名"}, 1)
    text, ground = offer["text"] + "另请注意。", offer["grounds"][1]
    refused = act(handler, accepted, "decide", expect=422, kind="refuse", text=text, template=used(offer))
    assert refused["errors"].keys() == {"ground"}, "no template stands in for the officer's choice"
    decided = act(handler, accepted, "decide", kind="refuse", text=text, ground=ground, template=used(offer))
    assert (decided["decision"]["text"], decided["decision"]["ground"]) == (text, ground)
    path = f"/v1/cases/{accepted['number']}/timeline"
    last = lambda caller: next(line for line in caller.get(path)["items"] if line["act"] == "decide")  # noqa: E731
    assert last(handler)["template"] == {"id": mine["id"], "version": 1, "name": "场所不符"}
    assert last(citizen)["template"] is None
    assert "template" not in citizen.get(f"/v1/cases/{accepted['number']}")["decision"]


def test_an_act_names_only_a_template_of_its_department_act_matter_and_outcome_that_is_not_retired(
    head, seeded, handler, accepted
):
    mine, grant, other = head.post(PATH, NEW), head.post(PATH, GRANT), seeded("head", "RSJ").post(PATH, GRANT)
    decline = head.post(PATH, {"act": "decline", "name": "不受理", "text": "不属于本部门。"})
    elsewhere = head.post(PATH, {**GRANT, "name": "别的事项", "matter": "XC-行政许可-002"})
    for wrong in (
        used(other),
        used(elsewhere),
        used(decline),
        {"id": grant["id"], "version": 2},
        {"id": "none", "version": 1},
        used(mine),
    ):
        refused = act(handler, accepted, "decide", expect=422, kind="grant", text="准予。", template=wrong)
        assert refused["errors"].keys() == {"template"}, wrong
    assert "template" in act(handler, accepted, "note", expect=422, text="备注", template=used(grant))["errors"]
    head.post(f"{PATH}/{grant['id']}/retirement", {}, expect=200, headers=version(grant))
    refused = act(handler, accepted, "decide", expect=409, kind="grant", text="准予。", template=used(grant))
    assert refused["code"] == "template_retired"
    assert act(handler, accepted, "decide", kind="grant", text="准予。")["state"] == "granted"


NAMED = [
    ("window", "decline", {"reason": "不属于本部门。"}),
    ("window", "request_supplement", {"items": [{"key": "m1", "why": "没有签名"}], "text": "请补。"}),
    ("window", "terminate", {"cause": "object_gone", "text": "主体已不存在。"}),
]


@pytest.mark.parametrize(("role", "name", "body"), NAMED, ids=[name for _, name, _ in NAMED])
def test_every_kind_of_act_records_its_template(head, staff, citizen, drain, role, name, body):
    case, officer = submitted(citizen, drain), staff(role)
    template = head.post(PATH, {"act": name, "name": "用语", "text": "{matter}：请看。"})
    [offer] = offered(officer, case, name)
    act(officer, case, name, **body, template=used(offer))
    lines = officer.get(f"/v1/cases/{case['number']}/timeline")["items"]
    assert lines[-1]["template"] == {**used(template), "name": "用语"}
