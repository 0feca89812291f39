"""The queues of the desk: who stands where, in what order, on which day; also where no job has run."""

import random
from datetime import date, datetime, timedelta

import pytest

from api.cases.queue_walk import QueueDays, QueueWalk
from api.cases.queues import NONE, PROVISIONAL
from api.cases.silence import Silence
from api.cases.store import UPGRADES, CaseStore
from tests.conftest import PASSWORD, Caller
from tests.way import COURIER, accepted_upload, act, submitted

CONFIRMATION = "XC-行政确认-002"
PICKUP = {"way": "pickup"}


@pytest.fixture
def head(app, anyone):
    """Who leads the department of food permits."""
    app.extensions["circle"].identity.seed_staff("head.q", PASSWORD, "孙主任", {"head"}, None, "SPJ")
    body = {"username": "head.q", "password": PASSWORD}
    return Caller(app.test_client(), anyone.post("/v1/staff/sessions", body))


@pytest.fixture
def worker_down(monkeypatch):
    """Nobody deems a case accepted but whoever acts on it; gives the end of that."""
    monkeypatch.setattr(Silence, "deem_accepted", lambda self, case_id: None)
    return monkeypatch.undo


@pytest.fixture
def office(app):
    return app.extensions["circle"]


def lines(caller, queue):
    return caller.get(f"/v1/desk/cases?queue={queue}")["items"]


def numbers(caller, queue):
    return [line["number"] for line in lines(caller, queue)]


def queues_of(caller, case):
    """The queues that the console counts for this officer, and in which the only case stands."""
    assert numbers(caller, "department") in ([case["number"]], [])
    return {item["queue"] for item in caller.get("/v1/desk/queues")["items"] if item["count"]}


def supplemented(citizen, window, drain, case):
    case = act(window, case, "request_supplement", items=[{"key": "m1", "why": "没有签名"}])
    body = {"materials": {"m1": [accepted_upload(citizen, drain)]}, "text": ""}
    path, headers = f"/v1/cases/{case['number']}/supplement", {"If-Match": f'"{case["version"]}"'}
    return citizen.post(path, body, expect=200, headers=headers)


def granted(window, handler, case):
    return act(handler, act(window, case, "accept"), "decide", kind="grant", text="准予许可。")


# -- where a case stands, by hand --------------------------------------------------------------------------------------


def test_each_step_of_a_case_stands_in_the_queues_of_whose_turn_it_is(citizen, window, handler, head, drain):
    case = submitted(citizen, drain, delivery=PICKUP)
    assert (queues_of(window, case), queues_of(handler, case)) == ({"new"}, set())
    case = supplemented(citizen, window, drain, case)
    assert (queues_of(window, case), queues_of(handler, case)) == ({"supplement_back"}, set())
    case = act(window, case, "accept")
    assert (queues_of(window, case), queues_of(handler, case)) == (set(), {"to_decide"})
    case = act(handler, case, "claim")
    assert queues_of(handler, case) == {"to_decide", "mine"}
    assert [line["officer"] for line in lines(head, "department")] == ["李审批"]
    case = act(handler, case, "decide", kind="grant", text="准予许可。")
    assert (queues_of(window, case), queues_of(handler, case)) == ({"to_issue"}, set())
    case = act(window, case, "issue", serial="JY1")
    assert queues_of(window, case) == {"counter"}
    case = act(window, case, "hand_over", to="王小明", proof="身份证")
    assert (queues_of(window, case), queues_of(handler, case)) == (set(), set())


def test_a_result_for_the_courier_is_to_send_until_it_is_on_its_way(citizen, window, handler, drain):
    case = act(window, granted(window, handler, submitted(citizen, drain, delivery=COURIER)), "issue", serial="JY1")
    assert (numbers(window, "to_send"), numbers(window, "counter")) == ([case["number"]], [])
    window.post(f"/v1/cases/{case['number']}/parcels", {"direction": "to_citizen", "carrier": "console"})
    drain()
    act(window, case, "note", text="已交快递")
    assert (numbers(window, "to_send"), numbers(window, "to_hand_over")) == ([], [case["number"]])


def test_a_result_made_anew_while_the_old_one_travels_is_to_be_handed_over_too(citizen, window, handler, drain, clock):
    case = act(window, granted(window, handler, submitted(citizen, drain, delivery=COURIER)), "issue", serial="JY1")
    body = {"direction": "to_citizen", "carrier": "console"}
    parcel = window.post(f"/v1/cases/{case['number']}/parcels", body)
    drain()
    clock.move(minutes=5)
    case = act(window, case, "reissue", serial="JY2", reason="姓名印错")
    assert (numbers(window, "to_send"), numbers(window, "to_hand_over")) == ([case["number"]], [case["number"]])
    path, headers = f"/v1/parcels/{parcel['id']}/confirmation", {"If-Match": f'"{parcel["version"]}"'}
    citizen.post(path, {}, expect=200, headers=headers)
    drain()
    case = window.get(f"/v1/cases/{case['number']}")
    assert (case["state"], [row["handed_over_at"] for row in case["reissues"]]) == ("issued", [None])
    assert (numbers(window, "to_send"), numbers(window, "to_hand_over")) == ([case["number"]], [case["number"]])
    case = act(window, case, "hand_over", to="applicant")
    assert (numbers(window, "to_send"), numbers(window, "to_hand_over")) == ([], [])
    act(window, case, "close")


def test_the_queues_of_a_role_are_those_of_its_work(window, handler, head, staff):
    shown = {
        name: [item["queue"] for item in caller.get("/v1/desk/queues")["items"]]
        for name, caller in {
            "window": window,
            "handler": handler,
            "head": head,
            "supervisor": staff("supervisor"),
        }.items()
    }
    assert shown == {
        "window": [
            "new",
            "supplement_back",
            "to_issue",
            "counter",
            "to_send",
            "deferred_due",
            "near_due",
            "overdue",
            "mine",
            "all",
        ],
        "handler": ["to_decide", "deferred_due", "promise_broken", "near_due", "overdue", "mine", "department", "all"],
        "head": [
            "to_decide",
            "extension_asked",
            "deferred_due",
            "promise_broken",
            "near_due",
            "overdue",
            "department",
            "all",
        ],
        "supervisor": ["near_due", "overdue", "all"],
    }


# -- what is a matter of today -----------------------------------------------------------------------------------------


def test_near_due_and_overdue_come_with_the_day_though_nothing_runs(citizen, staff, drain, clock, worker_down):
    case = act(staff("window"), submitted(citizen, drain), "accept")
    due = lines(staff("handler"), "to_decide")[0]["due"]
    assert due == {"day": case["act_by"][:10], "provisional": False} == {"day": "2026-12-08", "provisional": False}
    seen = {}
    for day in ("2026-12-03", "2026-12-04", "2026-12-08", "2026-12-09"):  # Thursday, Friday, Tuesday, Wednesday
        clock.at = datetime.fromisoformat(f"{day}T09:00:00+08:00")
        handler = staff("handler")
        seen[day] = [queue for queue in ("near_due", "overdue") if numbers(handler, queue)]
        assert numbers(staff("window"), "near_due") == []  # deciding is not the window's part
    assert list(seen.values()) == [[], ["near_due"], ["near_due"], ["overdue"]]


def test_silence_moves_a_case_from_the_window_to_its_department_though_no_job_ran(
    citizen, staff, drain, clock, worker_down, app, database
):
    case = submitted(citizen, drain)
    clock.move(days=7)  # Tuesday 1 December, the last day of the notice limit
    window, handler = staff("window"), staff("handler")
    assert (numbers(window, "to_accept"), numbers(handler, "to_decide")) == ([case["number"]], [])
    clock.move(days=1)
    window, handler = staff("window"), staff("handler")
    assert (numbers(window, "to_accept"), numbers(window, "new")) == ([], [])
    [line] = lines(handler, "to_decide")
    assert (line["number"], line["state"], line["due"]["day"]) == (case["number"], "accepted", line["act_by"][:10])
    assert database["case_actions"].count_documents({"act": "deem"}) == 0
    worker_down()
    app.extensions["circle"].cases.deadlines.sweep({})
    assert database["case_actions"].count_documents({"act": "deem"}) == 1
    assert lines(handler, "to_decide")[0]["due"] == line["due"]


def test_a_due_in_a_year_without_a_calendar_sorts_behind_the_known_ones_and_is_provisional(
    citizen, staff, drain, clock, log_in
):
    clock.at = datetime.fromisoformat("2026-12-22T09:00:00+08:00")
    citizen, window = log_in("13800138000"), staff("window")
    later = act(window, submitted(citizen, drain), "accept")
    clock.at = datetime.fromisoformat("2026-12-24T09:00:00+08:00")
    sooner = submitted(log_in("13800138000"), drain)
    shown = lines(staff("supervisor"), "department")
    assert [line["number"] for line in shown] == [sooner["number"], later["number"]]
    assert [line["due"]["provisional"] for line in shown] == [False, True]
    assert shown[1]["act_by"] is None
    assert numbers(staff("handler"), "near_due") == []


# -- order, pages, counts ----------------------------------------------------------------------------------------------


def copies(database, keyring, case, count, seed=5):
    """More cases like this one, due on random days; gives the numbers in the order of their due days."""
    draw, [row] = random.Random(seed), list(database["cases"].find({"number": case["number"]}))
    rows = []
    for n in range(count):
        due = (
            draw.choice(("", "", "", PROVISIONAL, NONE))
            + f"{date(2026, 11, 1) + timedelta(days=draw.randrange(90))}T{draw.randrange(24):02}"
        )
        queue = {"keys": row["queue"]["keys"], "due": due}
        row_id = f"{draw.random():.15f}"
        name = keyring.seal(row_id, "masked_name", "王*")
        rows.append({**row, "_id": row_id, "number": f"XC{n:05}", "queue": queue, "masked_name": name})
    database["cases"].insert_many(rows)
    return [each["number"] for each in sorted(rows, key=lambda each: (each["queue"]["due"], each["_id"]))]


def test_pages_go_through_a_queue_soonest_due_first_and_leave_out_none(citizen, window, drain, database, keyring):
    case = submitted(citizen, drain)
    order, read, cursor = copies(database, keyring, case, 130), [], ""
    database["cases"].delete_one({"number": case["number"]})
    [new] = [item for item in window.get("/v1/desk/queues")["items"] if item["queue"] == "new"]
    assert (new["label"], new["label_en"], new["count"], new["more"]) == ("新申请", "New", 99, True)
    while cursor is not None:
        page = window.get(f"/v1/desk/cases?queue=to_accept&limit=40&cursor={cursor}")
        read, cursor = read + [line["number"] for line in page["items"]], page["next"]
    assert read == order
    for wrong in ("AAAA", "eDIwMjYtMTMtMDF8YQ"):
        assert window.get(f"/v1/desk/cases?queue=to_accept&cursor={wrong}", expect=400)["code"] == "bad_cursor"


def test_a_walk_gives_every_row_once_in_order_whatever_is_remembered():
    draw, today = random.Random(3), date(2026, 11, 30)
    for _ in range(60):
        spread, walk, rows, widest = draw.choice((1, 30, 3000)), QueueWalk(), [], []
        for n in range(draw.choice((0, 3, 400))):
            day = today + timedelta(days=draw.randint(-spread, spread // 4))
            group = draw.choice(("", "", PROVISIONAL, NONE))
            rows.append((f"{group}{day}T{draw.randrange(8, 18):02}", f"{n:04}", n))

        def read(low, high, rows=rows, widest=widest):
            window = [row for row in rows if low <= row[0] <= high]
            widest.append(len(window))
            return window

        for look in range(3):  # from the second on with what the first has left
            place, order = None, []
            while look == 0 or place or not order:
                page, place = walk.page("queue", read, QueueDays(), today, place, 25, lambda row: True)
                order += page
                if place is None:
                    break
            assert order == [n for _, _, n in sorted(rows)]
            if look == 0:
                widest.clear()
        assert not widest or max(widest) <= 100, (spread, len(rows), max(widest))  # one hour may hold more than a page


# -- cases of an earlier release ---------------------------------------------------------------------------------------


def test_cases_of_an_earlier_release_are_in_their_queues_and_folded_by_a_job(
    citizen, window, handler, drain, database, office, clock
):
    case, decided = submitted(citizen, drain), granted(window, handler, submitted(citizen, drain))
    before = list(database["cases"].find({}, {"queue": 1, "masked_name": 1, "name_index": 1}).sort("_id"))
    new = dict.fromkeys(("queue", "masked_name", "name_index", "phone_index", "held_since", "is_sent"), "")
    database["cases"].update_many({}, {"$unset": new})
    [(_, expand, _)] = UPGRADES[1:]
    for row in list(database["cases"].find()):
        database["cases"].update_one({"_id": row["_id"]}, {"$set": expand(row, None)})
    office.cases.start()
    answer = window.get("/v1/desk/queues")
    assert answer["complete"] is False
    assert (numbers(window, "new"), numbers(window, "to_issue")) == ([case["number"]], [decided["number"]])
    assert [line["applicant"]["name"] for line in lines(window, "all")] == ["王*", "王*"]
    office.cases.queue_folding.run()
    assert window.get("/v1/desk/queues")["complete"] is True
    after = list(database["cases"].find({}, {"queue": 1, "masked_name": 1, "name_index": 1}).sort("_id"))
    assert [{**row, "masked_name": ""} for row in after] == [{**row, "masked_name": ""} for row in before]


def test_lists_and_deadlines_of_cases_whose_clock_is_not_folded_yet_work(citizen, window, drain, database, office):
    case = submitted(citizen, drain)
    [row] = database["cases"].find()
    old = {"received_at": "2026-11-24T10:00:00+08:00", "deemed_acceptance": True}
    database["cases"].update_one({"_id": row["_id"]}, {"$set": {"clock_facts": old, "old_clock": True}})
    assert numbers(window, "new") == [case["number"]]
    office.cases.deadlines.plan(row["_id"])
    office.cases.deadlines.sweep({})
    assert database["cases"].find_one({"old_clock": True}), "what is not folded is left to the fold"
    office.cases.folding.run()
    office.cases.deadlines.sweep({})
    facts = database["cases"].find_one()["clock_facts"]
    assert facts["told"]["days"] == {"notice": "2026-12-01"}


def test_a_fold_that_came_late_takes_nothing_back(citizen, window, handler, drain, database, office):
    case = act(window, granted(window, handler, submitted(citizen, drain, delivery=COURIER)), "issue", serial="JY1")
    store = office.cases._store
    before = store.by_number(case["number"])
    folded = office.cases.queue_folding.folded(office.cases._reader.open(before)).record
    store.take_as_told(before, {"days": {}, "calendar": 7})
    assert store.fold_queue(before, folded)
    assert store.by_id(before.id).clock_facts["told"]["calendar"] == 7
    window.post(f"/v1/cases/{case['number']}/parcels", {"direction": "to_citizen", "carrier": "console"})
    office.cases.shipping.note_sent(case["number"])
    assert not store.fold_queue(before, folded)
    assert not store.requeue(before, folded)
    assert numbers(window, "to_send") == []


def test_an_act_and_a_parcel_at_once_lose_nothing(citizen, window, handler, drain, office, monkeypatch):
    case = act(window, granted(window, handler, submitted(citizen, drain, delivery=COURIER)), "issue", serial="JY1")
    really = CaseStore.append

    def append(self, session, record, action):
        monkeypatch.setattr(CaseStore, "append", really)
        office.cases.shipping.note_sent(case["number"])
        return really(self, session, record, action)

    window.post(f"/v1/cases/{case['number']}/parcels", {"direction": "to_citizen", "carrier": "console"})
    monkeypatch.setattr(CaseStore, "append", append)
    assert act(window, case, "note", text="已交快递", expect=412)["code"] == "version_stale"
    act(window, case, "note", text="已交快递")
    assert (numbers(window, "to_send"), numbers(window, "to_hand_over")) == ([], [case["number"]])
