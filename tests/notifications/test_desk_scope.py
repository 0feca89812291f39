"""Which staff see which notices and may send them again: as the cases they are about, and no code ever."""

import pytest

from api import ports
from tests.conftest import PASSWORD, Caller
from tests.way import act, submitted

PLACES = {
    # who: role, point, department, and which notices they see: of the case, of no case
    "window": ("window", "XC-H01", "SPJ", {"case"}),
    "handler": ("handler", "XC-H01", "SPJ", {"case"}),
    "head": ("head", "XC-H01", "SPJ", {"case"}),
    "elsewhere": ("handler", "XC-H01", "RSJ", set()),
    "elsewhere_window": ("window", "XC-C01", "SPJ", set()),
    "posted_nowhere": ("window", None, None, set()),
    "supervisor": ("supervisor", None, None, {"case", "office"}),
    "admin": ("admin", None, None, {"office"}),
}


@pytest.fixture
def posted(app, anyone):
    """Log in a new member of staff with a role and a post."""

    def log_in(role, point, department):
        name = f"{role}-{point}-{department}-{len(app.extensions['circle'].identity.staff.members({}, None, 99))}"
        app.extensions["circle"].identity.seed_staff(name, PASSWORD, "赵工", {role}, point, department)
        return Caller(app.test_client(), anyone.post("/v1/staff/sessions", {"username": name, "password": PASSWORD}))

    return log_in


@pytest.fixture
def case(citizen, drain, anyone, staff, clock):
    """A submitted case; its notice, one of a report that was settled, and a log-in code are what was sent."""
    case = submitted(citizen, drain)
    report = citizen.post("/v1/reports", {"about": "point:XC-H01", "text": "电话打不通"})
    settled = {"outcome": "corrected", "words": "已改正。"}
    staff("admin").post(f"/v1/desk/reports/{report['id']}/settlement", settled, expect=200)
    anyone.post("/v1/sessions/codes", {"phone": "13700137000"}, expect=202)
    drain()
    clock.move(minutes=10)  # nobody looks into an inbox
    drain()
    return case


def kinds(caller, query=""):
    groups = {"case_submitted": "case", "report_settled": "office"}
    return {groups.get(line["kind"], line["kind"]) for line in caller.get(f"/v1/desk/notices{query}")["items"]}


def test_a_notice_is_seen_by_who_may_see_its_case_and_a_code_by_nobody(case, posted):
    for who, (*post, expected) in PLACES.items():
        assert kinds(posted(*post)) == expected, who


def test_by_state_the_same_are_seen(case, posted, database):
    database["deliveries"].update_many({"channel": "sms"}, {"$set": {"state": "failed"}})
    for who, (*post, expected) in PLACES.items():
        assert kinds(posted(*post), "?state=failed") == expected, who
        assert kinds(posted(*post), "?state=canceled") == set(), who


def test_only_who_sees_it_sends_it_again_and_all_others_learn_nothing(case, posted, database):
    database["deliveries"].update_many({"channel": "sms"}, {"$set": {"state": "failed"}})
    ids = {row["template"]: row["_id"] for row in database["notices"].find()}
    nobody = posted("admin", None, None).post("/v1/desk/notices/no-such/resend", {}, expect=404)
    for who, (*post, expected) in PLACES.items():
        caller = posted(*post)
        for template, group in (("case_submitted", "case"), ("report_settled", "office"), ("login_code", "secret")):
            database["deliveries"].update_many({"channel": "sms", "superseded": False}, {"$set": {"state": "failed"}})
            answer = caller.raw("POST", f"/v1/desk/notices/{ids[template]}/resend", json={})
            assert answer.status_code == (201 if group in expected else 404), (who, template)
            if group not in expected:
                hidden = {"request_id"}
                assert {k: v for k, v in answer.get_json().items() if k not in hidden} == {
                    k: v for k, v in nobody.items() if k not in hidden
                }
            lines = database["audit"].count_documents(
                {"actor": caller.person["id"], "act": "notice.resend", "subject": f"notice:{ids[template]}"}
            )
            assert lines == (group in expected), (who, template)


def test_a_repeated_resend_is_answered_to_its_sender_alone(case, posted, database):
    database["deliveries"].update_many({"channel": "sms"}, {"$set": {"state": "failed"}})
    notice = database["notices"].find_one({"template": "case_submitted"})["_id"]
    window, path = posted("window", "XC-H01", "SPJ"), f"/v1/desk/notices/{notice}/resend"
    first, again = (window.raw("POST", path, headers={"Idempotency-Key": "same-key-1"}) for _ in range(2))
    assert [answer.status_code for answer in (first, again)] == [201, 201]
    assert first.get_json()["number"] == again.get_json()["number"] == 2
    assert database["deliveries"].count_documents({"notice": notice, "number": 2}) == 1


def test_after_a_transfer_the_other_department_sees_the_notices_also_earlier_ones(case, posted, window, drain):
    before, after = posted("handler", None, "SPJ"), posted("handler", None, "RSJ")
    act(window, case, "transfer", department="RSJ", reason="请接办")
    drain()
    assert (kinds(before), kinds(after), kinds(window)) == (set(), {"case"}, {"case"})


def test_notices_of_a_release_without_places_are_placed_at_the_next_start(case, posted, database, app):
    office = app.extensions["circle"]
    gone = {"group": "", "about": "", "desk": "", "department": ""}
    for collection in ("notices", "deliveries"):
        database[collection].update_many({}, {"$unset": gone})
    for who, (*post, _) in PLACES.items():
        assert kinds(posted(*post)) == set(), who
    for _ in range(2):
        office.notices.place_old(lambda link: ports.case_of_link(office, link))
    for who, (*post, expected) in PLACES.items():
        assert kinds(posted(*post)) == expected, who


def test_the_list_goes_on_page_by_page_without_gap_or_repeat(case, posted, database, clock):
    [row] = database["deliveries"].find({"group": "case", "channel": "sms"})
    moments = [clock.at.timestamp() - hours * 3600 for hours in (0, 0, 0.1, 5, 48, 48, 900)]
    for n, _ in enumerate(moments):
        at = clock.at.fromtimestamp(moments[n], clock.at.tzinfo)
        database["deliveries"].insert_one({**row, "_id": f"d{n}", "channel": f"c{n}", "created_at": at})
    window, seen, cursor = posted("window", "XC-H01", "SPJ"), [], ""
    while cursor is not None:
        page = window.get(f"/v1/desk/notices?limit=2{cursor}")
        assert len(page["items"]) <= 2
        seen += [line["channel"] for line in page["items"]]
        cursor = page["next"] and f"&cursor={page['next']}"
    assert sorted(seen) == sorted(["in_app", "sms", *(f"c{n}" for n in range(7))])
    assert [c for c in seen if c in {"c2", "c3", "c6"}] == ["c2", "c3", "c6"]
    assert window.get("/v1/desk/notices?cursor=%21%21", expect=400)["code"] == "bad_cursor"


def test_a_look_at_the_list_is_recorded_with_its_filter_and_count(case, posted, database):
    window = posted("window", "XC-H01", "SPJ")
    window.get("/v1/desk/notices?state=delivered")
    [row] = database["audit"].find({"actor": window.person["id"], "subject": "list:notices"})
    assert (row["act"], row["detail"], row["count"]) == ("read_list", "state=delivered", 1)
