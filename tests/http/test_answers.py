"""What no answer does, whatever was asked: set a cookie, lead elsewhere, tell of the inside; what no request may."""

import pytest

from tests.access.test_matrix import routes
from tests.http.test_edge import PLACES

INSIDE = ("Traceback", "api/", "site-packages", "pymongo", "secret-of-the-inside")
TEXT = ("text/", "application/javascript")


def answers(app):
    """The answer of every route that is read without ids, and of one that is not there."""
    client = app.test_client()
    plain = sorted(rule for method, rule in routes(app) if method == "GET" and "<" not in rule)
    for path in [*plain, "/nowhere"]:
        with client.get(path) as answer:
            yield path, answer


def test_no_answer_sets_a_cookie(app, citizen):
    assert [path for path, answer in answers(app) if "Set-Cookie" in answer.headers] == []
    for path in PLACES:
        with citizen.raw("GET", path) as answer:
            assert "Set-Cookie" not in answer.headers


def test_no_answer_leads_elsewhere(app):
    assert [path for path, answer in answers(app) if answer.status_code in range(300, 400)] == []


def test_every_text_names_its_charset(app):
    kinds = {path: answer.content_type for path, answer in answers(app)}
    assert all(kinds.values())
    assert {p: kind for p, kind in kinds.items() if kind.startswith(TEXT) and "charset=utf-8" not in kind} == {}


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_body_that_a_form_of_another_site_can_send_is_refused(anyone, sent, drain, kind):
    """Those need no preflight (Fetch, CORS-safelisted): with one another site could have codes sent, or log one in."""
    body = b'{"phone": "13800138000", "code": "123456", "username": "window", "password": "x"}'
    for path in ("/v1/sessions/codes", "/v1/sessions", "/v1/staff/sessions"):
        answer = anyone.raw("POST", path, data=body, headers={"Content-Type": kind})
        assert answer.get_json()["code"] == "bad_fields"
    drain()
    assert sent.messages == []


@pytest.mark.parametrize(
    "path",
    [
        "/.git/config",
        "/.env",
        "/assets/",
        "/assets/../routes.py",
        "/assets/..%2froutes.py",
        "/assets/%2e%2e/%2e%2e/routes.py",
        "/..%2fapi%2fsettings.py",
        "//etc/passwd",
        "/routes.py",
        "/index.html",
        "/package.json",
        "/manifest.json",
        "/files/",
    ],
)
def test_what_is_no_page_of_ours_is_not_served(anyone, path):
    with anyone.raw("GET", path) as answer:
        assert answer.status_code == 404
        assert answer.get_json()["code"] == "not_found"


def test_an_error_of_ours_tells_nothing_of_the_inside(app, anyone, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("secret-of-the-inside")

    monkeypatch.setattr(app.extensions["circle"].matters, "search", broken)
    answer = anyone.raw("GET", "/v1/matters/search?q=小饭馆")
    assert answer.status_code == 500
    assert set(answer.get_json()) == {"type", "title", "status", "code", "detail", "request_id"}
    assert [word for word in INSIDE if word in answer.text] == []
    assert not app.debug


def test_a_field_that_is_not_asked_for_is_refused(anyone, citizen):
    """Nobody makes themself verified, somebody else, or an administrator, by a field more."""
    for more in ({"assurance": "verified"}, {"roles": ["admin"]}, {"id": "x"}, {"phone": "13900139000"}):
        answer = citizen.raw("PATCH", "/v1/me", json={"name": "王小明", **more})
        assert list(answer.get_json()["errors"]) == list(more)
    answer = anyone.raw("POST", "/v1/sessions/codes", json={"phone": "13800138000", "admin": True})
    assert list(answer.get_json()["errors"]) == ["admin"]


def test_a_parameter_counts_only_where_it_is_asked_for(anyone, citizen):
    """A parameter of a route that has none is refused by name; see test_queries.py."""
    assert citizen.raw("PATCH", "/v1/me?name=王小明", json={}).status_code == 422
    assert anyone.raw("POST", "/v1/sessions/codes?phone=13800138000", json={}).status_code == 422
    assert anyone.raw("GET", f"/v1/me?token={citizen.token}").status_code in (401, 422)
    assert anyone.raw("GET", "/v1/me", headers={"Cookie": f"token={citizen.token}"}).status_code == 401
