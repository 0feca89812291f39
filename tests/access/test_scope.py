"""Posts: staff reach the cases of their desk or department, lists hold no others, and a transfer moves all of it."""

import pytest

from tests.conftest import PASSWORD, Caller
from tests.way import FOOD, ID_NUMBER, act, issued, submitted

FOOD_DEPARTMENT, OTHER = "SPJ", "RSJ"


@pytest.fixture
def posted(app, anyone):
    """Log in a new member of staff with this role at a point and a department."""

    def with_post(role, point="XC-H01", department=FOOD_DEPARTMENT):
        username = f"{role}.{point}.{department}"
        app.extensions["circle"].identity.seed_staff(username, PASSWORD, "赵工", {role}, point, department)
        body = {"username": username, "password": PASSWORD}
        return Caller(app.test_client(), anyone.post("/v1/staff/sessions", body))

    return with_post


def numbers(caller, path="/v1/desk/cases", key="number"):
    return [row[key] for row in caller.get(path)["items"]]


def moved(window, case, department=OTHER):
    return act(window, case, "transfer", department=department, reason="由人社局办理")


def test_a_queue_holds_the_cases_of_ones_post_and_no_others(citizen, posted, drain):
    case = submitted(citizen, drain)
    for role, point, department, there in (
        ("window", "XC-H01", OTHER, True),  # one window accepts for every department (一窗受理)
        ("window", "XC-C01", FOOD_DEPARTMENT, False),
        ("window", None, FOOD_DEPARTMENT, False),
        ("handler", "XC-C01", FOOD_DEPARTMENT, True),
        ("handler", "XC-H01", OTHER, False),
        ("handler", "XC-H01", None, False),
        ("head", None, FOOD_DEPARTMENT, True),
        ("head", "XC-H01", OTHER, False),
        ("supervisor", None, None, True),
    ):
        caller = posted(role, point, department)
        assert numbers(caller) == ([case["number"]] if there else []), (role, point, department)
        caller.get(f"/v1/cases/{case['number']}", expect=200 if there else 404)


def test_a_case_says_which_department_has_it(citizen, drain):
    assert submitted(citizen, drain)["department"] == {"code": "SPJ", "name": "新城区行政审批服务局"}


def test_a_transfer_moves_the_case_with_its_files_and_its_queue(citizen, posted, window, handler, drain):
    case = act(window, submitted(citizen, drain), "accept")
    upload = next(line["files"][0]["id"] for line in case["materials"] if line["files"])
    there, path = posted("handler", department=OTHER), f"/v1/cases/{case['number']}"
    there.get(path, expect=404)
    there.get(f"/v1/files/{upload}", expect=404)

    answer = moved(handler, case)
    assert (answer["department"]["code"], answer["acts"]) == (OTHER, [])  # whoever gave it away has it no more
    assert (numbers(handler), numbers(there)) == ([], [case["number"]])
    handler.get(path, expect=404)
    handler.get(f"/v1/files/{upload}", expect=404)
    act(handler, answer, "note", text="还在我这里吗？", expect=404)
    there.get(f"/v1/files/{upload}")
    act(there, there.get(path), "decide", kind="grant", text="准予许可。")
    lines = {line["act"]: line["label"] for line in citizen.get(f"{path}/timeline")["items"]}
    assert lines["transfer"] == "移交其他部门"


def test_a_parcel_lies_where_its_case_lies(citizen, posted, window, drain):
    case = moved(window, submitted(citizen, drain))
    there = posted("handler", department=OTHER)
    case = act(window, case, "accept")
    case = act(there, case, "decide", kind="grant", text="准予许可。")
    case = act(window, case, "issue", serial="JY001")
    sent = {"direction": "to_citizen", "carrier": "console"}
    posted("window", "XC-C01").post(f"/v1/cases/{case['number']}/parcels", sent, expect=404)
    parcel = window.post(f"/v1/cases/{case['number']}/parcels", sent)
    drain()
    here, elsewhere = [window, there, posted("supervisor")], [posted("handler"), posted("window", "XC-C02")]
    assert [numbers(one, "/v1/desk/parcels", "id") for one in here] == [[parcel["id"]]] * 3
    assert [numbers(one, "/v1/desk/parcels", "id") for one in elsewhere] == [[], []]
    for one in elsewhere:
        one.get(f"/v1/parcels/{parcel['id']}", expect=404)


@pytest.mark.parametrize("department", ["SPJ", "XYZ"])
def test_a_case_is_transferred_to_another_department_of_the_district_only(citizen, window, drain, department):
    case = submitted(citizen, drain)
    problem = act(window, case, "transfer", department=department, reason="请接办", expect=422)
    assert list(problem["errors"]) == ["department"]


def test_a_role_of_one_post_lends_nothing_to_another(citizen, app, anyone, drain, window, handler):
    """A window officer of the hall who also handles for another department may not decide this one's case."""
    app.extensions["circle"].identity.seed_staff("both", PASSWORD, "赵工", {"window", "handler"}, "XC-H01", OTHER)
    both = Caller(app.test_client(), anyone.post("/v1/staff/sessions", {"username": "both", "password": PASSWORD}))
    case = act(both, submitted(citizen, drain), "accept")
    assert "decide" not in case["acts"]
    assert act(both, case, "decide", kind="grant", text="准予许可。", expect=403)["code"] == "role_wrong"


def test_the_queue_of_talks_holds_those_of_ones_desk(citizen, posted):
    talk = citizen.post("/v1/conversations", {"point": "XC-H01", "text": "在吗？"})
    here, elsewhere = posted("window"), posted("window", "XC-C01")
    for queue in ("waiting", "all"):
        path = f"/v1/desk/conversations?queue={queue}"
        assert (numbers(here, path, "id"), numbers(elsewhere, path, "id")) == ([talk["id"]], [])


def test_a_question_about_a_matter_is_given_to_whom_knows_one_of_its_themes(citizen, posted, app):
    office = app.extensions["circle"]
    knows, other = posted("window"), posted("handler")
    for officer, skill in ((other, "社会保障"), (knows, "餐饮")):
        word = {"state": "here", "takes": "push", "skills": [skill]}
        office.chat.officers.set_presence(office.identity.actor(officer.token), word)
    talk = citizen.post("/v1/conversations", {"point": "XC-H01", "matter": FOOD, "text": "在吗？"})
    assert talk["officer"]["id"] == knows.person["id"]


def test_cases_and_parcels_of_a_release_without_places_are_placed_at_the_next_start(
    citizen, window, handler, drain, database, app
):
    case = issued(citizen, window, handler, drain)
    parcel = window.post(f"/v1/cases/{case['number']}/parcels", {"direction": "to_citizen", "carrier": "console"})
    upload = next(line["files"][0]["id"] for line in case["materials"] if line["files"])
    for collection in ("cases", "parcels"):
        database[collection].update_many({}, {"$unset": {"desk": "", "department": "", "uploads": ""}})
    office = app.extensions["circle"]
    for _ in range(2):
        office.cases.start()
        office.parcels.start()
    assert numbers(handler) == [case["number"]]
    assert numbers(window, "/v1/desk/parcels", "id") == [parcel["id"]]
    handler.get(f"/v1/files/{upload}")


def test_a_post_names_a_department_and_a_point_that_there_are(staff):
    admin = staff("admin")
    new = {"username": "new.one", "name": "新人", "roles": ["window"]}
    problem = admin.post("/v1/staff", {**new, "point": "XC-H99", "department": "XYZ"}, expect=422)
    assert problem["errors"] == {
        "department": ["没有这个部门，请填部门目录中的代码，如 SPJ。"],
        "point": ["没有这个服务点，或它已关闭，请填服务点目录中在用的编号，如 XC-H01。"],
    }
    made = admin.post("/v1/staff", {**new, "point": "XC-H01", "department": "SPJ"})
    assert admin.patch(f"/v1/staff/{made['id']}", {"department": "XYZ"}, made["version"], expect=422)[
        "errors"
    ].keys() == {"department"}


def test_who_only_watches_over_a_case_sees_nobody_in_full(citizen, posted, window, drain, database):
    case = submitted(citizen, drain)
    path = f"/v1/cases/{case['number']}"
    watcher = posted("supervisor", None, None)
    seen, worked = watcher.get(path), window.get(path)
    assert worked["answers"]["id_number"] == ID_NUMBER
    assert worked["delivery"]["phone"] == "13800138000"
    assert seen["answers"] == {"applicant_name": "王*", "id_number": "610102********0022"}
    assert (seen["applicant"]["name"], seen["delivery"]["way"]) == ("王*", "courier")
    for secret in (ID_NUMBER, "王小明", "13800138000", "西一路"):
        assert secret not in str(seen)
    acts = {row["actor"]: row["act"] for row in database["audit"].find({"act": {"$regex": "^read_"}})}
    assert acts == {window.person["id"]: "read_unmasked", watcher.person["id"]: "read_masked"}
