"""The HTTP face: one's own inbox, the desk's list, the provider's calls."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask, jsonify
from flask.testing import FlaskClient
from flask_smorest import Api

from api.jobs.idempotency import Idempotency
from api.jobs.store import JobStore
from api.refusals import Refusal as HouseRefusal
from api.web.guard import Http
from notifications.refusals import Refusal
from notifications.routes import blueprint
from notifications.service import Notices

from .conftest import PUBLIC_BASE, House
from .fake_twilio import FakeTwilio, sign

STATUS = "/v1/providers/twilio/status"


@dataclass(frozen=True)
class Caller:
    """Somebody with a token of their own name."""

    id: str
    kind: str
    roles: frozenset[str]
    name: str = ""


CALLERS = {
    "zhang": Caller("zhang", "citizen", frozenset({"citizen"})),
    "li": Caller("li", "citizen", frozenset({"citizen"})),
    "wang": Caller("wang", "staff", frozenset({"staff", "window"})),
}


def served(house: House, notices: Notices) -> FlaskClient:
    app = Flask("notices")
    app.config |= {"API_TITLE": "t", "API_VERSION": "1", "OPENAPI_VERSION": "3.1.0", "TESTING": True}
    once = Idempotency(JobStore(house.database), now=house.clock)
    Api(app).register_blueprint(
        blueprint(notices, Http(actor_of=CALLERS.get, once=once, limit=lambda kind, person: None))
    )

    def refused(error: Any) -> Any:
        return jsonify(code=error.code, words=error.words), 400

    app.register_error_handler(Refusal, refused)
    app.register_error_handler(HouseRefusal, refused)
    return app.test_client()


@pytest.fixture
def client(twilio_house: House) -> FlaskClient:
    return served(twilio_house, twilio_house.notices)


@pytest.fixture
def as_(client: FlaskClient) -> Any:
    def call(who: str, method: str, path: str, key: str = "", **rest: Any) -> Any:
        headers = {"Authorization": f"Bearer {who}", "Idempotency-Key": key or str(uuid4()), **rest.pop("headers", {})}
        return client.open(path, method=method, headers=headers, **rest)

    return call


def failed(house: House, twilio: FakeTwilio, key: str = "k") -> str:
    twilio.refuse(400, 21610)
    notice = house.accepted(key=key)
    house.drain()
    return notice


# -- the inbox ----------------------------------------------------------------


def test_an_inbox_shows_ones_own_notices_and_how_far_they_are(as_: Any, twilio_house: House) -> None:
    notice = twilio_house.accepted()
    twilio_house.drain()
    item = as_("zhang", "GET", "/v1/notices").json["items"][0]
    assert item.pop("text").startswith("“食品经营许可”（XC20261124001）已受理")
    at = "2026-11-24T10:00:00+08:00"
    assert item == {
        "id": notice,
        "kind": "case_accepted",
        "title": "申请已受理",
        "link": "/cases/XC20261124001",
        "at": "2026-11-24T09:50:00+08:00",
        "shown_at": None,
        "read_at": None,
        "channels": [
            {"channel": "in_app", "state": "accepted", "at": at},
            {"channel": "sms", "state": "accepted", "at": at},
        ],
    }


def test_an_inbox_speaks_english_too(as_: Any, twilio_house: House) -> None:
    twilio_house.accepted()
    item = as_("zhang", "GET", "/v1/notices", headers={"Accept-Language": "en"}).json["items"][0]
    assert item["title"] == "Application accepted"


def test_another_persons_notices_are_not_there(as_: Any, twilio_house: House) -> None:
    notice = twilio_house.accepted()
    assert as_("li", "GET", "/v1/notices").json == {"items": [], "next": None}
    assert as_("li", "POST", f"/v1/notices/{notice}/read").json["code"] == "not_found"
    assert as_("zhang", "GET", "/v1/notices").json["items"][0]["read_at"] is None


def test_a_code_is_in_nobodys_inbox(as_: Any, twilio_house: House) -> None:
    notice = twilio_house.notices.tell("citizen:zhang", "login_code", {"code": "246810"}, key="c")
    assert as_("zhang", "GET", "/v1/notices").json["items"] == []
    assert as_("zhang", "POST", f"/v1/notices/{notice}/read").json["code"] == "not_found"


def test_the_first_reading_counts(as_: Any, twilio_house: House) -> None:
    notice = twilio_house.accepted()
    assert as_("zhang", "POST", f"/v1/notices/{notice}/read").status_code == 204
    twilio_house.clock.move(hours=1)
    assert as_("zhang", "POST", f"/v1/notices/{notice}/read").status_code == 204
    assert as_("zhang", "GET", "/v1/notices").json["items"][0]["read_at"] == "2026-11-24T10:00:00+08:00"


def test_an_inbox_is_paged_newest_first_and_stable_while_more_arrives(as_: Any, twilio_house: House) -> None:
    told = [twilio_house.accepted(key=str(n)) for n in range(5)]
    first = as_("zhang", "GET", "/v1/notices?limit=2").json
    twilio_house.accepted(key="meanwhile")
    second = as_("zhang", "GET", f"/v1/notices?limit=2&cursor={first['next']}").json
    third = as_("zhang", "GET", f"/v1/notices?limit=2&cursor={second['next']}").json
    assert [i["id"] for page in (first, second, third) for i in page["items"]] == told[::-1]
    assert third["next"] is None


@pytest.mark.parametrize("path", ["/v1/notices", "/v1/desk/notices"])
def test_a_cursor_that_is_none_of_ours_is_refused(as_: Any, path: str) -> None:
    assert as_("wang", "GET", f"{path}?cursor=%24ne").json["code"] == "bad_cursor"


@pytest.mark.parametrize(
    ("who", "method", "path"),
    [
        ("", "GET", "/v1/notices"),
        ("nobody", "GET", "/v1/notices"),
        ("zhang", "GET", "/v1/desk/notices"),
        ("zhang", "POST", "/v1/desk/notices/x/resend"),
    ],
)
def test_who_may_not_is_refused(as_: Any, who: str, method: str, path: str) -> None:
    assert as_(who, method, path).json["code"] in {"token_missing", "token_bad", "role_wrong"}


# -- the desk -----------------------------------------------------------------


def test_the_desk_sees_what_failed_but_not_what_was_said(as_: Any, twilio_house: House, twilio: FakeTwilio) -> None:
    notice = failed(twilio_house, twilio)
    twilio_house.accepted(key="another")
    answer = as_("wang", "GET", "/v1/desk/notices?state=failed")
    at = "2026-11-24T10:00:00+08:00"
    assert answer.json["items"] == [
        {
            "id": notice,
            "kind": "case_accepted",
            "title": "申请已受理",
            "to": "138****8000",
            "link": "/cases/XC20261124001",
            "told_at": "2026-11-24T09:50:00+08:00",
            "channel": "sms",
            "state": "failed",
            "at": at,
            "error": "21610",
            "number": 1,
            "resendable": True,
        }
    ]
    assert "食品" not in answer.text
    assert "13800138000" not in answer.text


def test_the_desks_list_is_paged(as_: Any, twilio_house: House) -> None:
    for n in range(3):
        twilio_house.accepted(key=str(n))
    twilio_house.drain()
    first = as_("wang", "GET", "/v1/desk/notices?limit=4").json
    second = as_("wang", "GET", f"/v1/desk/notices?limit=4&cursor={first['next']}").json
    assert (len(first["items"]), len(second["items"]), second["next"]) == (4, 2, None)


def test_a_failed_notice_is_sent_again_once_a_key(as_: Any, twilio_house: House, twilio: FakeTwilio) -> None:
    notice = failed(twilio_house, twilio)
    path, key = f"/v1/desk/notices/{notice}/resend", str(uuid4())
    first = as_("wang", "POST", path, key=key)
    assert (first.status_code, first.json["state"], first.json["number"]) == (201, "queued", 2)
    twilio_house.drain()
    again = as_("wang", "POST", path, key=key)
    assert (again.status_code, again.json["state"], again.json["number"]) == (201, "accepted", 2)
    assert as_("wang", "POST", path).json["code"] == "notice_not_resendable"
    assert len(twilio.messages) == 1


def test_what_is_three_days_old_is_not_sent_again(as_: Any, twilio_house: House, twilio: FakeTwilio) -> None:
    notice = failed(twilio_house, twilio)  # created ten minutes ago
    path = f"/v1/desk/notices/{notice}/resend"
    twilio_house.clock.move(hours=71, minutes=50)
    [line] = as_("wang", "GET", "/v1/desk/notices?state=failed").json["items"]
    assert (line["resendable"], as_("wang", "POST", path).json["code"]) == (False, "notice_not_resendable")
    twilio_house.clock.move(seconds=-1)
    [line] = as_("wang", "GET", "/v1/desk/notices?state=failed").json["items"]
    assert (line["resendable"], as_("wang", "POST", path).status_code) == (True, 201)


def test_what_is_on_its_way_is_not_sent_again(as_: Any, twilio_house: House) -> None:
    notice = twilio_house.accepted()
    assert as_("wang", "POST", f"/v1/desk/notices/{notice}/resend").json["code"] == "notice_not_resendable"
    assert as_("wang", "POST", f"/v1/desk/notices/{uuid4()}/resend").json["code"] == "not_found"


# -- the provider's calls -----------------------------------------------------


def post(client: FlaskClient, call: dict[str, Any], **headers: str) -> Any:
    signed = {"X-Twilio-Signature": call["signature"], **headers}
    return client.post(call["url"].removeprefix(PUBLIC_BASE), data=call["form"], headers=signed)


def test_a_signed_call_is_acknowledged_at_once_and_worked_off_later(
    client: FlaskClient, twilio_house: House, twilio: FakeTwilio
) -> None:
    notice = twilio_house.accepted()
    twilio_house.drain()
    call = twilio.callback(twilio.messages[0], "delivered")
    assert [post(client, call).status_code for _ in range(3)] == [204, 204, 204]
    assert twilio_house.state(notice) == "accepted"
    twilio_house.drain()
    assert twilio_house.state(notice) == "delivered"
    assert [r["times"] for r in twilio_house.database["receipts"].find()] == [3]


@pytest.mark.parametrize("signature", [None, "", "AAAA", "another's"])
def test_a_call_without_the_right_signature_is_refused_and_not_kept(
    client: FlaskClient, twilio_house: House, twilio: FakeTwilio, signature: str | None
) -> None:
    notice = twilio_house.accepted()
    twilio_house.drain()
    call = twilio.callback(twilio.messages[0], "delivered")
    if signature == "another's":
        signature = sign(call["url"], {**call["form"], "MessageStatus": "failed"})
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    answer: Any = client.post(call["url"].removeprefix(PUBLIC_BASE), data=call["form"], headers=headers)
    assert answer.json["code"] == "signature_bad"
    twilio_house.drain()
    assert twilio_house.state(notice) == "accepted"
    assert twilio_house.database["receipts"].count_documents({}) == 0


def test_a_signature_over_another_notice_does_not_pass(
    client: FlaskClient, twilio_house: House, twilio: FakeTwilio
) -> None:
    first, second = twilio_house.accepted(key="1"), twilio_house.accepted(key="2")
    twilio_house.drain()
    call = twilio.callback(twilio.messages[0], "failed")
    moved = {**call, "url": call["url"].replace(first, second)}
    assert post(client, moved).json["code"] == "signature_bad"


@pytest.mark.parametrize("of_the_server", [{}, {"RAW_URI": ""}], ids=["raw address told", "only the query raw"])
@pytest.mark.parametrize("query", ["", "?notice=%E9%80%9A%e7%9f%a5&delivery=a%20b"])
def test_the_address_is_checked_as_it_was_sent(client: FlaskClient, of_the_server: dict[str, str], query: str) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "sent"}
    headers = {"X-Twilio-Signature": sign(f"{PUBLIC_BASE}{STATUS}{query}", form)}
    answer = client.post(STATUS + query, data=form, headers=headers, environ_overrides=of_the_server)
    assert answer.status_code == 204


def test_a_call_to_a_provider_that_is_not_in_use_is_not_there(twilio_house: House, twilio: FakeTwilio) -> None:
    house = twilio_house
    without = Notices(
        house.store,
        house.keyring.seal,
        house.keyring.open_sealed,
        house.address_of,
        house.clock,
        {},
        lambda *act, session=None: None,
        lambda *look, **more: None,
        lambda officer: [],
        house.keyring.lasting_digest,
        lambda recipient: "zh",
    )
    house.accepted()
    house.drain()
    answer: Any = post(served(house, without), twilio.callback(twilio.messages[0], "sent"))
    assert answer.json["code"] == "not_found"
