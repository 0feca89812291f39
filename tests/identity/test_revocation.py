"""A log-in that ends takes its open socket along, whichever way it ends, and nobody else's."""

import pytest

from tests.conftest import PASSWORD, Caller
from tests.identity.test_verifications import CARD
from tests.way import ID_NUMBER

ADMIN, OFFICER, CITIZEN = "admin", "window", "citizen"


def log_out(people):
    people[CITIZEN].call("DELETE", "/v1/sessions/current", expect=204)


def refresh_twice(people):
    body = {"refresh_token": people[CITIZEN].tokens["refresh_token"]}
    people[CITIZEN].post("/v1/sessions/refresh", body)
    people[CITIZEN].post("/v1/sessions/refresh", body, expect=401)


def close_account(people):
    people[CITIZEN].call("DELETE", "/v1/me", expect=204)


def change_password_elsewhere(people):
    people["elsewhere"].post("/v1/staff/password", {"old": PASSWORD, "new": "another-good-password"}, expect=200)


def get_another_post(people):
    people[ADMIN].patch(f"/v1/staff/{people[OFFICER].person['id']}", {"roles": ["handler"]}, 1)


def leave(people):
    people[ADMIN].patch(f"/v1/staff/{people[OFFICER].person['id']}", {"active": False}, 1)


def be_recovered(people):
    path = f"/v1/staff/{people[OFFICER].person['id']}/recovery"
    people[ADMIN].post(path)
    people["second"].post(f"{path}/confirmation", expect=200)


WAYS = {
    log_out: CITIZEN,
    refresh_twice: CITIZEN,
    close_account: CITIZEN,
    change_password_elsewhere: OFFICER,
    get_another_post: OFFICER,
    leave: OFFICER,
    be_recovered: OFFICER,
}


def again(app, officer):
    """The officer logged in once more."""
    username = app.extensions["circle"].identity.staff.member(officer.person["id"])["username"]
    body = {"username": username, "password": PASSWORD}
    return Caller(app.test_client(), Caller(app.test_client()).post("/v1/staff/sessions", body))


@pytest.fixture
def people(app, citizen, window, staff):
    """Who takes part; `elsewhere` is the officer's second log-in."""
    elsewhere = again(app, window)
    return {CITIZEN: citizen, OFFICER: window, "elsewhere": elsewhere, ADMIN: staff("admin"), "second": staff("admin")}


@pytest.fixture
def listening(app):
    """Open a socket under somebody's token."""
    opened = []

    def connect(caller):
        server = app.extensions["socketio"]
        opened.append(server.test_client(app, namespace="/chat", auth={"token": caller.token}))
        return opened[-1]

    yield connect
    for client in opened:
        if client.is_connected("/chat"):
            client.disconnect("/chat")


class Killed(BaseException):
    """The process dies."""


def end_others(people):
    people[OFFICER].call("DELETE", "/v1/me/sessions", expect=204)


def change_password(people):
    people[OFFICER].post("/v1/staff/password", {"old": PASSWORD, "new": "another-good-password"}, expect=200)


def change_number(people):
    body = {"phone": "13700137000", "old_code": people["ask"]("13800138000"), "code": people["ask"]("13700137000")}
    people[CITIZEN].post("/v1/me/phone", body, expect=200)


def have_the_number_changed_at_a_window(people):
    people[CITIZEN].post("/v1/me/verification", CARD, expect=200)
    body = {"phone": "13700137000", "code": people["ask"]("13700137000"), "id_number": ID_NUMBER}
    path = f"/v1/staff/verifications/{people[CITIZEN].person['id']}/phone"
    row = people[OFFICER].post(path, body)["verification"]
    people["colleague"].post(f"/v1/staff/verifications/{row['id']}/confirmation", {}, expect=200)


@pytest.mark.parametrize(
    ("way", "whose"),
    [
        (end_others, OFFICER),
        (change_password, OFFICER),
        (get_another_post, OFFICER),
        (be_recovered, OFFICER),
        (change_number, CITIZEN),
        (have_the_number_changed_at_a_window, CITIZEN),
    ],
)
def test_all_log_ins_end_with_the_act_even_if_the_process_dies_right_after_it(
    app, people, staff, log_in, ask, clock, monkeypatch, way, whose
):
    clock.move(minutes=2)
    enter = {OFFICER: lambda: again(app, people[OFFICER]), CITIZEN: lambda: log_in("13800138000")}[whose]
    others = [enter()]
    clock.move(minutes=2)
    others += [enter()]
    people |= {"ask": ask, "colleague": staff("window")}

    def die(session):
        raise Killed

    monkeypatch.setattr(app.extensions["circle"].chat.live, "revoke", die)
    with pytest.raises(Killed):
        way(people)
    clock.move(seconds=31)
    for other in others:
        other.get("/v1/me", expect=401)


@pytest.mark.parametrize("event", ["disconnect", "connect"])
@pytest.mark.parametrize("way", [log_out, leave], ids=lambda way: way.__name__)
def test_a_client_that_emits_the_librarys_own_events_is_hung_up_all_the_same(people, listening, way, event):
    theirs = listening(people[WAYS[way]])
    theirs.emit(event, {}, {"token": people[ADMIN].token}, namespace="/chat")
    way(people)
    assert not theirs.is_connected("/chat")


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_socket_of_a_log_in_that_ends_is_hung_up_and_others_stay(people, listening, handler, way):
    theirs, other = listening(people[WAYS[way]]), listening(handler)
    assert theirs.is_connected("/chat")
    way(people)
    assert not theirs.is_connected("/chat")
    assert other.is_connected("/chat")
    assert people[WAYS[way]].get("/v1/me", expect=401)["code"] == "token_bad"
