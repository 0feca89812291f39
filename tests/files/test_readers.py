"""Who is given the address of a file: by hand, a table of people to a file of a case, a draft and a talk."""

# ruff: noqa: F811
import pytest

from tests.cases.test_mandates import filed, given  # noqa: F401
from tests.conftest import PASSWORD, Caller
from tests.identity.test_mandates import agent, principal  # noqa: F401
from tests.way import accepted_upload, act, complete_draft, submitted

HERE, DEPARTMENT = "XC-H01", "SPJ"
ELSEWHERE, OTHER = "XC-C01", "RSJ"

OF_A_CASE = [
    ({"window"}, HERE, OTHER, 200),  # one window accepts for every department
    ({"window"}, ELSEWHERE, DEPARTMENT, 404),
    ({"handler"}, None, DEPARTMENT, 200),
    ({"handler"}, HERE, OTHER, 404),
    ({"head"}, None, DEPARTMENT, 200),
    ({"head"}, HERE, OTHER, 404),
    ({"supervisor"}, None, None, 403),
    ({"admin"}, HERE, DEPARTMENT, 403),
    ({"window", "supervisor"}, ELSEWHERE, None, 404),  # to watch over a case opens no papers
    ({"handler", "admin"}, None, OTHER, 404),
]

OF_A_TALK = [
    ({"window"}, HERE, None, 200),
    ({"window"}, ELSEWHERE, None, 404),
    ({"handler"}, None, DEPARTMENT, 404),
    ({"supervisor"}, HERE, DEPARTMENT, 403),
]


@pytest.fixture
def posted(app, anyone):
    """Log in a new member of staff with these roles at a point and a department."""

    def with_post(roles, point, department):
        name = ".".join([*sorted(roles), str(point), str(department)]).lower()
        app.extensions["circle"].identity.seed_staff(name, PASSWORD, "赵工", roles, point, department)
        tokens = anyone.post("/v1/staff/sessions", {"username": name, "password": PASSWORD})
        return Caller(app.test_client(), tokens)

    return with_post


def first_file(case):
    return next(line["files"][0]["id"] for line in case["materials"] if line["files"])


def reads(database, upload):
    """Who is in the audit for having been given this file's address."""
    return [row["actor"] for row in database["audit"].find({"act": "read_file", "subject": f"file:{upload}"})]


def check(table, posted, upload, database):
    """Ask as everybody in the table; those who were given the address are in the audit, in this order."""
    callers = [posted(*post) for *post, _ in table]
    got = [caller.raw("GET", f"/v1/files/{upload}").status_code for caller in callers]
    assert list(zip(table, got, strict=True)) == [(line, line[-1]) for line in table]
    assert reads(database, upload) == [one.person["id"] for one, at in zip(callers, got, strict=True) if at == 200]


def test_a_file_of_a_case_opens_for_who_works_on_the_case(citizen, other_citizen, posted, drain, database):
    upload = first_file(submitted(citizen, drain))
    other_citizen.get(f"/v1/files/{upload}", expect=404)
    check(OF_A_CASE, posted, upload, database)


def test_each_reading_by_staff_is_written_down_and_the_owners_own_is_not(citizen, window, handler, drain, database):
    upload = first_file(submitted(citizen, drain))
    for caller in (citizen, window, window, handler):
        caller.get(f"/v1/files/{upload}")
    assert reads(database, upload) == [one.person["id"] for one in (window, window, handler)]


def test_a_file_of_a_draft_is_there_for_its_owner_alone(citizen, other_citizen, window, drain, database):
    draft = complete_draft(citizen, drain)
    upload = next(files[0] for files in draft["materials"].values())
    citizen.get(f"/v1/files/{upload}")
    for caller in (other_citizen, window):
        caller.get(f"/v1/files/{upload}", expect=404)
    assert reads(database, upload) == []


def test_a_file_of_a_talk_opens_for_who_may_read_the_talk(citizen, other_citizen, posted, drain, database):
    talk = citizen.post("/v1/conversations", {"point": HERE, "text": "看看"})["id"]
    upload = accepted_upload(citizen, drain)
    body = {"client_id": "0b0e3a52-9f0c-4a52-9d07-7a5f2f5f0001", "kind": "file", "file": upload}
    citizen.post(f"/v1/conversations/{talk}/messages", body)
    other_citizen.get(f"/v1/files/{upload}", expect=404)
    check(OF_A_TALK, posted, upload, database)


def test_whoever_a_case_was_filed_for_opens_its_files_and_so_does_the_agent(
    principal, agent, given, window, log_in, drain
):
    case = filed(agent, given, drain)
    for caller in (principal, agent):
        caller.get(f"/v1/files/{first_file(case)}")
    upload, key = accepted_upload(principal, drain), case["materials"][0]["key"]
    asked = act(window, case, "request_supplement", items=[{"key": key, "why": "看不清"}], text="请重拍。")
    path, headers = f"/v1/cases/{case['number']}/supplement", {"If-Match": f'"{asked["version"]}"'}
    principal.post(path, {"materials": {key: [upload]}, "text": ""}, expect=200, headers=headers)
    agent.get(f"/v1/files/{upload}")
    log_in("13700137000").get(f"/v1/files/{upload}", expect=404)
