"""The calendar's face: exceptions set by administrators against a version, audited, followed by every process."""

from datetime import date

import pytest

from api.calendar.service import Calendar
from api.calendar.store import CalendarStore
from tests.way import submitted

DAY = "2026-12-01"
NOTICE = "陕政发〔2026〕9号"


@pytest.fixture
def admin(staff):
    return staff("admin")


@pytest.fixture(autouse=True)
def calendar(app, clock):
    """The app's calendar, with no exception from an earlier test."""
    found = app.extensions["circle"].calendar
    found.follow(clock())
    return found


def patch(admin, version, *items, expect=200):
    rows = [{"date": day, "kind": kind, "notice": NOTICE} for day, kind in items]
    return admin.patch("/v1/calendar", rows, version, expect=expect)


def day_of(caller, day=DAY):
    return caller.get(f"/v1/calendar?from={day}&to={day}")["items"][0]


def test_an_administrator_makes_a_day_a_rest_day_and_everybody_sees_it_with_its_notice(admin, anyone):
    assert day_of(anyone) == {"date": DAY, "working": True, "provisional": False, "notice": None}
    changed = patch(admin, 0, (DAY, "rest"))
    assert changed["version"] == 1
    assert day_of(anyone) == {"date": DAY, "working": False, "provisional": False, "notice": NOTICE}
    assert anyone.raw("GET", f"/v1/calendar?from={DAY}&to={DAY}").headers["ETag"] == '"1"'


def test_an_exception_is_taken_away_again(admin, anyone):
    patch(admin, 0, (DAY, "rest"), ("2026-12-05", "work"))
    assert day_of(anyone, "2026-12-05")["working"]
    patch(admin, 1, (DAY, None))
    assert day_of(anyone)["working"]
    assert day_of(anyone, "2026-12-05")["working"]


def test_a_change_against_an_older_version_changes_nothing(admin, anyone):
    patch(admin, 0, (DAY, "rest"))
    assert patch(admin, 0, (DAY, "work"), expect=412)["code"] == "version_stale"
    assert patch(admin, 7, (DAY, "work"), expect=412)["code"] == "version_stale"
    assert not day_of(anyone)["working"]


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"date": DAY, "kind": "half", "notice": NOTICE}],
        [{"date": DAY, "kind": "rest"}],
        [{"date": "soon", "kind": "rest", "notice": NOTICE}],
        [{"date": DAY, "kind": "rest", "notice": NOTICE}, {"date": DAY, "kind": "work", "notice": NOTICE}],
    ],
    ids=["nothing", "half a day", "no notice", "no date", "twice"],
)
def test_what_is_no_exception_is_refused(admin, rows):
    assert admin.patch("/v1/calendar", rows, 0, expect=422)["code"] == "bad_fields"


def test_a_change_names_its_version_and_is_an_administrators(admin, window, citizen):
    row = [{"date": DAY, "kind": "rest", "notice": NOTICE}]
    assert admin.call("PATCH", "/v1/calendar", row, 428)["code"] == "version_missing"
    for caller in (window, citizen):
        assert caller.patch("/v1/calendar", row, 0, expect=403)["code"] == "role_wrong"


def test_each_exception_is_in_the_audit_and_the_change_is_kept(admin, database):
    patch(admin, 0, (DAY, "rest"), ("2026-12-05", "work"))
    rows = admin.get(f"/v1/audit?subject=calendar:{DAY}")["items"]
    assert [(row["actor"], row["act"]) for row in rows] == [(admin.person["id"], "calendar.rest")]
    [kept] = database["calendar_changes"].find()
    assert (kept["_id"], kept["by"], len(kept["items"])) == (1, admin.person["id"], 2)


def test_another_process_follows_with_its_next_step(admin, database, clock):
    def refuse(*told, **more):
        raise AssertionError("it only reads")

    other = Calendar(CalendarStore(database), transact=refuse, record=refuse, announce=refuse, now=clock)
    patch(admin, 0, (DAY, "rest"))
    assert other.working.is_working(date(2026, 12, 1))
    assert other.follow(clock()) is True
    assert not other.working.is_working(date(2026, 12, 1))
    assert other.follow(clock()) is False


def test_the_clock_of_a_running_case_moves_with_the_calendar(admin, citizen, drain):
    case = submitted(citizen, drain)
    clock_path = f"/v1/cases/{case['number']}/clock"
    before = citizen.get(clock_path)["notice_due"]
    patch(admin, 0, ("2026-11-25", "rest"))
    assert before.startswith("2026-12-01")
    assert citizen.get(clock_path)["notice_due"].startswith("2026-12-02")


def test_silence_is_acceptance_on_the_day_that_the_changed_calendar_says(admin, citizen, drain, clock, database):
    case = submitted(citizen, drain)
    patch(admin, 0, ("2026-11-25", "rest"))

    def state():
        return database["cases"].find_one({"number": case["number"]})["state"]

    clock.move(days=7, hours=14, minutes=1)  # 2 December, 00:01: the limit as it was has passed
    drain()
    assert state() == "submitted"
    clock.move(days=1)
    drain()
    assert state() == "accepted"


def test_a_limit_into_an_unknown_year_has_no_due_but_a_provisional_one_to_show(calendar):
    assert calendar.due(5, "working", date(2026, 12, 29)) is None
    assert calendar.provisional_due(5, "working", date(2026, 12, 29)) == (date(2027, 1, 6), True)
    assert calendar.provisional_due(5, "calendar", date(2026, 12, 28)) == (date(2027, 1, 4), True)
    assert calendar.provisional_due(5, "working", date(2026, 12, 7)) == (date(2026, 12, 14), False)


def test_written_hours_are_read_day_by_day_with_lunch_holidays_and_make_up_days(anyone):
    text = "Mo-Fr 09:00-12:00,13:00-17:00"
    path = "/v1/calendar/hours"
    days = {day["date"]: day for day in anyone.get(f"{path}?text={text}&from=2026-09-28&to=2026-10-10")["items"]}
    assert [period["opens"] for period in days["2026-09-28"]["periods"]] == ["09:00", "13:00"]
    assert days["2026-10-01"]["periods"] == []
    assert [period["closes"] for period in days["2026-10-10"]["periods"]] == ["12:00", "17:00"]


def test_hours_that_cannot_be_read_are_refused_with_what_was_wrong(anyone):
    span = "from=2026-09-28&to=2026-10-04"
    refused = anyone.get(f"/v1/calendar/hours?text=Mo-Fr 9-5&{span}", expect=422)
    assert "9-5" in refused["errors"]["text"][0]
    assert anyone.get("/v1/calendar/hours?text=24/7&from=2026-01-01&to=2026-12-01", expect=422)["errors"]["to"]
