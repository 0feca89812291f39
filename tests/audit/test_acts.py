"""What staff do is in the audit, in the transaction of the deed: a table of acts, by hand."""

import pytest

from tests.way import issued


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
