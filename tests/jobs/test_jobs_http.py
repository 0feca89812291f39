"""Parked work at the desk: administrators and supervisors see the reason, try it anew, or drop it."""

import pytest

from api.jobs.job import MAX_ATTEMPTS


@pytest.fixture
def supervisor(staff):
    return staff("supervisor")


@pytest.fixture
def jobs(app):
    return app.extensions["circle"].jobs


@pytest.fixture
def handled(app):
    """Replace the handler of a kind for one test."""
    handlers = app.extensions["circle"].handlers
    before = dict(handlers)
    yield handlers
    handlers.clear()
    handlers.update(before)


@pytest.fixture
def parked(jobs, handled, clock, drain, supervisor):
    """A job that failed too often; the supervisor's log-in is from before."""

    def fail(payload):
        raise RuntimeError("the carrier says 13800138000 is no address")

    handled["test.bad"] = fail
    jobs.enqueue("bad:1", "test.bad", {}, due_at=clock())
    begun = clock.at
    for _ in range(MAX_ATTEMPTS):
        drain()
        clock.move(minutes=11)
    clock.at = begun
    return "bad:1"


def test_parked_work_is_listed_with_its_reason_which_holds_no_phone(supervisor, parked):
    [row] = supervisor.get("/v1/desk/jobs?state=parked")["items"]
    assert (row["id"], row["of"], row["kind"], row["attempts"]) == (parked, "job", "test.bad", MAX_ATTEMPTS)
    assert row["reason"] == "RuntimeError: the carrier says … is no address"


def test_the_lag_counts_parked_work(supervisor, parked):
    lag = supervisor.get("/v1/desk/jobs/lag")
    assert (lag["jobs"]["parked"], lag["events"]["parked"]) == (1, 0)


def test_a_retry_does_it_and_is_in_the_audit(supervisor, staff, parked, handled, drain):
    done = []
    handled["test.bad"] = done.append
    assert supervisor.post(f"/v1/desk/jobs/{parked}/retry", expect=200)["state"] == "pending"
    drain()
    assert done == [{}]
    assert supervisor.get("/v1/desk/jobs")["items"] == []
    [row] = staff("admin").get(f"/v1/audit?subject=job:{parked}")["items"]
    assert (row["act"], row["actor"]) == ("retry_job", supervisor.person["id"])


def test_what_is_dropped_stays_in_the_list_of_what_was_dropped(supervisor, parked, drain):
    supervisor.post(f"/v1/desk/jobs/{parked}/drop", expect=200)
    drain()
    assert supervisor.get("/v1/desk/jobs")["items"] == []
    assert [row["id"] for row in supervisor.get("/v1/desk/jobs?state=dropped")["items"]] == [parked]


def test_only_parked_work_is_retried_and_only_work_that_is_there(supervisor, parked):
    supervisor.post(f"/v1/desk/jobs/{parked}/retry", expect=200)
    assert supervisor.post(f"/v1/desk/jobs/{parked}/retry", expect=409)["code"] == "job_not_parked"
    assert supervisor.post("/v1/desk/jobs/nothing/retry", expect=404)["code"] == "not_found"


def test_the_list_goes_on_page_by_page_from_events_to_jobs(supervisor, database, clock):
    row = {"state": "parked", "attempts": 12, "reason": "x", "due_at": clock()}
    database["events"].insert_many({"_id": f"e{n}", "type": "t", "subject": "s", **row} for n in range(3))
    database["jobs"].insert_many({"_id": f"j{n}", "kind": "k", **row} for n in range(3))
    seen, cursor = [], ""
    while cursor is not None:
        page = supervisor.get(f"/v1/desk/jobs?limit=2&cursor={cursor}" if cursor else "/v1/desk/jobs?limit=2")
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert seen == ["e0", "e1", "e2", "j0", "j1", "j2"]


def test_only_supervisors_and_administrators_see_it(staff, citizen, parked):
    for role in ("window", "handler", "head"):
        assert staff(role).get("/v1/desk/jobs", expect=403)["code"] == "role_wrong"
    assert citizen.get("/v1/desk/jobs", expect=403)["code"] == "role_wrong"
    assert staff("admin").get("/v1/desk/jobs")["items"]
