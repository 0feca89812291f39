"""A log-in that ends takes its open socket along, whichever way it ends, and nobody else's."""

import pytest

from tests.conftest import PASSWORD, Caller

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


@pytest.fixture
def people(app, anyone, citizen, window, staff):
    """Who takes part; `elsewhere` is the officer's second log-in."""
    username = app.extensions["circle"].identity.staff.member(window.person["id"])["username"]
    again = anyone.post("/v1/staff/sessions", {"username": username, "password": PASSWORD})
    elsewhere = Caller(app.test_client(), again)
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
