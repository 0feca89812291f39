"""What staff do is in the audit, in the transaction of the deed: a table of acts, by hand; and every act has a kind."""

import ast
import re
from pathlib import Path

import pytest

from api.audit import acts
from api.cases.life.acts import RULES
from api.identity.verifications.verification import KINDS
from api.reports.report import OUTCOMES
from tests.way import issued

ROOT = Path(__file__).parents[2]
SECOND, FIRST = {"record", "_record", "audit", "look", "_look"}, {"note", "note_at_once"}
"""Functions that write to the audit, by which argument is the act."""

MADE_UP = {
    "case.*": set(RULES),
    "conversation.*": {
        *("assigned", "transferred", "queued", "taken_over", "returned", "left", "closed", "warned", "rated"),
        *("reopened", "tied", "blocked", "unblocked", "whispered"),
    },
    "point.*": {"add", "change", "remove"},
    "calendar.*": {"rest", "work", "usual"},
    "report.*": set(OUTCOMES),
    "verify_by_*": {"register", "window"},
    "open_*": set(KINDS),
    "verification_*": {"objected", "revoked"},
}
"""Acts whose name is put together: by pattern, what stands for the star."""

NOT_AN_ACT = {"api/identity/citizens/routes.py", "api/drafts/store.py", "api/circle/points_csv.py"}
"""Files with a `_record` or a `note` of their own that writes no row."""


def send_parcel(citizen, window, handler, drain):
    case = issued(citizen, window, handler, drain)
    body = {"direction": "to_citizen", "carrier": "console"}
    return window.post(f"/v1/cases/{case['number']}/parcels", body)["id"]


def claim_talk(citizen, window, handler, drain):
    talk = citizen.post("/v1/conversations", {"text": "在吗？"})["id"]
    window.chat.handling.claim(window.actor, talk)
    return talk


def close_talk(citizen, window, handler, drain):
    talk = claim_talk(citizen, window, handler, drain)
    version = window.get(f"/v1/conversations/{talk}")["version"]
    headers = {"If-Match": f'"{version}"'}
    window.post(f"/v1/conversations/{talk}/closing", {"reason": "办完了"}, expect=200, headers=headers)
    return talk


def read_talk(citizen, window, handler, drain):
    talk = citizen.post("/v1/conversations", {"text": "在吗？"})["id"]
    handler.get(f"/v1/conversations/{talk}/messages")
    return talk


ACTS = [
    (send_parcel, "parcel", "parcel.send"),
    (claim_talk, "talk", "conversation.assigned"),
    (close_talk, "talk", "conversation.closed"),
    (read_talk, "talk", "read_conversation"),
]


@pytest.fixture
def officer(window, app):
    """The window's officer, who can also act without a socket."""
    office = app.extensions["circle"]
    window.chat, window.actor = office.chat, office.identity.actor(window.token)
    return window


@pytest.mark.parametrize(("do", "kind", "name"), ACTS, ids=lambda one: getattr(one, "__name__", str(one)))
def test_an_act_of_staff_is_written_down(do, kind, name, citizen, officer, handler, drain, database):
    subject = do(citizen, officer, handler, drain)
    assert name in [row["act"] for row in database["audit"].find({"subject": f"{kind}:{subject}"})]


def test_the_officer_who_holds_a_talk_and_its_citizen_read_it_unrecorded(citizen, officer, drain, database):
    talk = claim_talk(citizen, officer, None, drain)
    officer.get(f"/v1/conversations/{talk}/messages")
    citizen.get(f"/v1/conversations/{talk}/messages")
    assert database["audit"].count_documents({"act": "read_conversation"}) == 0


def test_one_who_reads_a_talk_again_and_again_is_counted_and_one_who_reads_nothing_leaves_no_row(
    citizen, officer, handler, drain, database, clock, app
):
    talk = citizen.post("/v1/conversations", {"text": "在吗？"})["id"]
    database["audit"].delete_many({})
    readings = {"act": "read_conversation", "actor": handler.person["id"]}
    for _ in range(3):
        assert handler.get(f"/v1/conversations/{talk}/messages?after_seq=99")["items"] == []
        assert handler.get(f"/v1/conversations/{talk}/messages?stream=staff")["items"] == []
    assert database["audit"].count_documents(readings) == 0
    for _ in range(3):
        assert handler.get(f"/v1/conversations/{talk}/messages")["items"]
        clock.move(minutes=5)
    assert database["audit"].count_documents(readings) == 1
    clock.move(minutes=16)
    app.extensions["circle"].security.write(clock())
    rows = list(database["audit"].find(readings).sort("_id", 1))
    assert [(row["subject"], row.get("times", 1)) for row in rows] == [(f"talk:{talk}", 1), (f"talk:{talk}", 2)]


def acts_in_the_code():
    """(file and line, act or pattern) of every call that writes to the audit with an act of its own."""
    folders = [
        ROOT / "chat",
        ROOT / "notifications",
        *(path for path in (ROOT / "api").iterdir() if path.name != "pages"),
    ]
    for path in sorted(file for folder in folders for file in (folder.rglob("*.py") if folder.is_dir() else [folder])):
        relative = str(path.relative_to(ROOT))
        if relative in NOT_AN_ACT or path.suffix != ".py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            place = 1 if name in SECOND else 0 if name in FIRST else None
            if place is None or len(node.args) <= place:
                continue
            for part in ast.walk(node.args[place]):
                if isinstance(part, ast.JoinedStr):
                    pieces = [piece.value if isinstance(piece, ast.Constant) else "*" for piece in part.values]
                    yield f"{relative}:{node.lineno}", "".join(pieces)
                    break
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield f"{relative}:{node.lineno}", part.value


def test_every_act_has_a_kind():
    known, calls = set(acts.KIND_OF), list(acts_in_the_code())
    assert len(calls) > 40
    names = {act for _, act in calls if re.fullmatch(r"[a-z_]+(\.[a-z_]+)?", act)}
    names |= {act.replace("*", each) for _, act in calls if "*" in act for each in MADE_UP[act]}
    names |= {*acts.OF_REFUSAL.values(), *acts.ALARMS}
    assert sorted(names - known) == [], "give it a kind in KINDS of api/audit/acts.py"


def test_an_act_has_one_kind():
    assert sum(len(names) for names in acts.KINDS.values()) == len(acts.KIND_OF)
