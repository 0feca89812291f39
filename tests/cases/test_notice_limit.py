"""Every act on a submitted case around its notice limit (1 December 2026), over HTTP, against a hand-written table.

`notice_limit.csv`: of a case submitted on 24 November, what an act answers on the day before the limit, on it and on
the next day, the state then, which acts are recorded beside those before, and what its citizen reads. On the limit and
after it the same is expected whether the job that accepts by silence has run or not.
"""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cases.test_deferral import complete
from tests.conftest import PASSWORD, Caller
from tests.drafts.test_choices import CAFE, DEFERRAL, PROMISE, TRADE
from tests.way import COURIER, accepted_upload, act, filled_in, new_version, submitted

pytestmark = pytest.mark.usefixtures("starter_again")
ELDERLY = "XC-公共服务-003"
TABLE = list(csv.DictReader((Path(__file__).parent / "notice_limit.csv").read_text().splitlines()))
DAYS = {"before": "2026-11-30", "on": "2026-12-01", "after": "2026-12-02"}
POSTS = {"window": "window", "colleague": "window", "handler": "handler", "head": "head"}
GRANT = {"text": "符合条件，准予许可。"}
BODIES = {
    "decide": {"kind": "grant", **GRANT},
    "finish": {"kind": "grant", **GRANT},
    "promise": GRANT,
    "decline": {"reason": "不属于本部门。"},
    "request_supplement": {"items": [{"key": "m1", "why": "没有签名"}]},
    "transfer": {"department": "RSJ", "reason": "归他们办"},
    "terminate": {"cause": "object_gone", "text": "房屋已经拆除"},
    "correct": {"about": 1, "was": "甲", "right": "乙", "reason": "笔误"},
    "note": {"text": "已通知"},
}
WRITTEN = ("cases", "case_actions", "events", "jobs", "slow_jobs")


class Office:
    """Five cases of one citizen, the staff of their desk, and the way back to how they were."""

    def __init__(self, app, clock, drain, citizen, database):
        self.app, self.clock, self.drain, self.citizen, self.database = app, clock, drain, citizen, database
        self.identity, self.people = app.extensions["circle"].identity, {}
        for name, role in POSTS.items():
            self.identity.seed_staff(f"limit.{name}", PASSWORD, "员工", {role}, "XC-H01", "SPJ")

    def at(self, day):
        """Morning of a day: everybody logs in, and no job runs."""
        self.clock.at = datetime.fromisoformat(f"{day}T09:30:00+08:00").astimezone(UTC)
        anyone = Caller(self.app.test_client())
        for name in POSTS:
            body = {"username": f"limit.{name}", "password": PASSWORD}
            self.people[name] = Caller(self.app.test_client(), anyone.post("/v1/staff/sessions", body))
        renewed = {"refresh_token": self.citizen.tokens["refresh_token"]}
        self.citizen.tokens = anyone.post("/v1/sessions/refresh", renewed)

    def kept(self):
        """What is stored of the cases and of the work that waits."""
        return {name: list(self.database[name].find()) for name in WRITTEN}

    def put_back(self, kept):
        """Store what was kept, and nothing else."""
        for name, rows in kept.items():
            self.database[name].delete_many({})
            if rows:
                self.database[name].insert_many(rows)

    def put_case_back(self, kept, number):
        """As `put_back`, of one case, where an act has changed it."""
        [row] = [row for row in kept["cases"] if row["number"] == number]
        if self.database["cases"].find_one({"_id": row["_id"]}) != row:
            self.database["cases"].replace_one({"_id": row["_id"]}, row)
            new = {"case": row["_id"], "seq": {"$gt": row["version"]}}
            self.database["case_actions"].delete_many(new)


@pytest.fixture
def office(app, clock, drain, citizen, database, staff):
    """The office with its cases, submitted on 24 November; the claimed one was claimed on the 30th."""
    admin, office = staff("admin"), Office(app, clock, drain, citizen, database)
    new_version(admin, CAFE, deferral=DEFERRAL)
    new_version(admin, TRADE, promise={**PROMISE, "check_days": 20, "check_unit": "工作日"})
    drafts = {
        "deferred": complete(citizen, drain),
        "promised": promised(citizen, drain),
    }
    office.cases = {name: citizen.post(f"/v1/drafts/{draft['id']}/submit")["case"] for name, draft in drafts.items()}
    office.cases |= {name: submitted(citizen, drain) for name in ("plain", "claimed")}
    office.cases["instant"] = submitted(citizen, drain, matter=ELDERLY)
    drain()
    office.at(DAYS["before"])
    act(office.people["window"], office.cases["claimed"], "claim")
    return office


def promised(citizen, drain):
    """A complete draft of 出版物零售 by promise."""
    draft = citizen.post("/v1/drafts", {"matter": TRADE, **filled_in(citizen, TRADE)})
    draft = citizen.patch(f"/v1/drafts/{draft['id']}", {"promise": {"text_version": 1}}, draft["version"])
    needed = [gap["material"] for gap in draft["missing"] if gap["material"]]
    upload = accepted_upload(citizen, drain)
    change = {"materials": {key: [upload] for key in needed}, "delivery": COURIER}
    return citizen.patch(f"/v1/drafts/{draft['id']}", change, draft["version"])


def sent(office, row):
    """The answer to the act of a row."""
    number = office.cases[row["case"]]["number"]
    [case] = office.database["cases"].find({"number": number})
    headers, body = {"If-Match": f'"{case["version"]}"'}, dict(BODIES.get(row["act"], {}))
    if row["to"]:
        body["officer"] = office.people[row["to"]].person["id"]
    if row["act"] == "withdraw":
        return office.citizen.raw("POST", f"/v1/cases/{number}/withdrawal", json={}, headers=headers)
    if row["act"] == "supplement":
        materials = {"materials": {"m1": ["none"]}}
        return office.citizen.raw("POST", f"/v1/cases/{number}/supplement", json=materials, headers=headers)
    path, content = f"/v1/cases/{number}/actions", {"act": row["act"], **body}
    return office.people[row["by"]].raw("POST", path, json=content, headers=headers)


def outcome(office, row, kept):
    """What came of a row, in the form of the table."""
    case = office.cases[row["case"]]
    [before] = [each for each in kept["cases"] if each["number"] == case["number"]]
    answer = sent(office, row)
    said = answer.get_json()
    is_done = answer.status_code == 200
    wrong = "" if is_done else " ".join(sorted(said.get("errors") or ())) or said["code"]
    seen = said if is_done else office.citizen.get(f"/v1/cases/{case['number']}")
    actions = office.app.extensions["circle"].cases.actions(before["_id"])
    acts = " ".join(action.act for action in actions[2 if row["case"] == "claimed" else 1 :])
    came = {"answer": f"{answer.status_code} {wrong}".strip(), "state": seen["state"], "acts": acts}
    return {**row, **came, "words": seen["sentence"]["text"]}


def differences(office, when):
    """Where a row of a day differs from what comes of it, each as one line."""
    kept = office.kept()
    for row in TABLE:
        if row["when"] == when:
            came = outcome(office, row, kept)
            if came != row:
                yield f"{[*came.values()]} instead of {[*row.values()]}"
            office.put_case_back(kept, office.cases[row["case"]]["number"])


def test_each_act_around_the_notice_limit_does_what_the_table_says_whether_or_not_the_job_has_run(office):
    """One test, since the cases are submitted once and put back after each row."""
    begun, wrong = office.kept(), []
    for when, day in DAYS.items():
        office.put_back(begun)
        office.at(day)
        wrong += differences(office, when)
        office.drain()
        if when == "after":
            wrong += differences(office, when)
        else:  # what the job left as it was, acts find as before
            assert office.kept()["cases"] == begun["cases"]
    assert not wrong, "\n".join(wrong)
