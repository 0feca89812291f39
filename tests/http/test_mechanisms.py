"""Idempotency keys, versions and cursors: each one mechanism, used by every route or excepted here by hand."""

from uuid import uuid4

import pytest

from api.web.openapi import takes_version
from tests.access.test_matrix import ROWS, routes

LOG_IN = "what is made is a log-in; a repeat makes another, and no harm"
SAME = "doing it again changes nothing"
PROVIDER = "a provider calls; it is told apart by what it says"
TUS = "tus has its own way of resuming"
OWN = "one's own record has one writer"

EXCEPTED: dict[tuple[str, str], str] = {
    ("POST", "/v1/sessions/codes"): "one code a minute, whoever asks",
    ("POST", "/v1/sessions"): LOG_IN,
    ("POST", "/v1/sessions/wechat"): LOG_IN,
    ("POST", "/v1/sessions/refresh"): "a refresh token is good for one use",
    ("POST", "/v1/staff/sessions"): LOG_IN,
    ("DELETE", "/v1/sessions/current"): SAME,
    ("DELETE", "/v1/me/sessions"): SAME,
    ("DELETE", "/v1/me/sessions/<log_in_id>"): SAME,
    ("POST", "/v1/me/proof"): "a code and digits are good for one use; a password proves the same again",
    ("POST", "/v1/me/proof/code"): "one code a minute",
    ("PATCH", "/v1/me"): OWN,
    ("DELETE", "/v1/me"): SAME,
    ("POST", "/v1/me/consents"): "a ledger: the last entry holds, whatever came twice",
    ("POST", "/v1/me/verification"): SAME,
    ("POST", "/v1/staff/verifications"): SAME,
    ("POST", "/v1/me/phone"): "codes are good for one use",
    ("POST", "/v1/me/verifications/<verification_id>/objection"): SAME,
    ("POST", "/v1/staff/verifications/<citizen_id>/phone"): "codes are good for one use",
    ("POST", "/v1/staff/verifications/<verification_id>/confirmation"): SAME,
    ("POST", "/v1/staff/verifications/<verification_id>/revocation"): SAME,
    ("DELETE", "/v1/mandates/<mandate_id>"): SAME,
    ("POST", "/v1/staff/password"): "names the old password",
    ("POST", "/v1/staff/totp"): "a new secret replaces one that was never confirmed",
    ("POST", "/v1/staff/totp/confirmation"): "digits are good for one use",
    ("POST", "/v1/staff/<staff_id>/recovery"): SAME,
    ("DELETE", "/v1/staff/<staff_id>/recovery"): "a recovery is struck out once",
    ("POST", "/v1/staff/<staff_id>/recovery/confirmation"): "a recovery is confirmed once",
    ("POST", "/v1/uploads"): TUS,
    ("PATCH", "/v1/uploads/<upload_id>"): TUS,
    ("DELETE", "/v1/uploads/<upload_id>"): TUS,
    ("POST", "/v1/desk/cases/search"): "changes nothing; a name stands in no address",
    ("POST", "/v1/lookups"): "changes nothing; a wrong code counts each time",
    ("POST", "/verify"): "changes nothing",
    ("POST", "/plain/case"): "changes nothing; a wrong code counts each time",
    ("POST", "/v1/conversations/<conversation>/messages"): "client_id makes a message once, as on the socket",
    ("POST", "/v1/notices/<notice_id>/read"): SAME,
    ("POST", "/v1/notices/shown"): SAME,
    ("POST", "/v1/desk/blocks/<block_id>/lifting"): "a block is lifted once",
    ("POST", "/v1/desk/jobs/<job_id>/retry"): SAME,
    ("POST", "/v1/desk/matters/import"): SAME,
    ("POST", "/v1/desk/jobs/<job_id>/drop"): SAME,
    ("POST", "/v1/desk/reports/<report_id>/settlement"): "a report is settled once",
    ("POST", "/v1/desk/broken-promises/<promise_id>/lifting"): "a promise is lifted once: 409 again",
    ("POST", "/v1/carriers/kuaidi100/<secret>"): PROVIDER,
    ("POST", "/v1/providers/twilio/status"): PROVIDER,
}
"""Routes that write, and neither take an Idempotency-Key nor a version: why not."""

WHOLE: dict[str, str] = {
    "/v1/calendar": "a span of at most 400 days",
    "/v1/calendar/hours": "the days of a span",
    "/v1/desk/departments": "the departments of one district",
    "/v1/desk/queues": "the queues that there are",
    "/v1/networks": "the few generations there are",
    "/v1/cases/{number}/timeline": "the acts of one case",
    "/v1/cases/{number}/documents": "the documents of one case",
    "/v1/cases/{number}/act-templates": "one department's templates for one act, 300 at most",
    "/v1/parcels/{parcel_id}/events": "the tracking of one parcel",
    "/v1/cases/{number}/parcels": "the parcels of one case",
    "/v1/conversations/{conversation}/messages": "numbered: goes on by after_seq",
    "/v1/desk/matters/export": "a copy of the whole catalogue",
    "/v1/matters/{code}/versions": "the versions of one matter",
    "/v1/packages": "a handful, by law",
    "/v1/lists": "nine, computed",
    "/v1/lists/{list_name}": "a part of the catalogue, shown as a whole",
    "/v1/mandates": "one's own few",
    "/v1/me/sessions": "one's own few",
    "/v1/me/verifications": "one's own newest",
}
"""Lists that are answered whole: why."""


def writing(app):
    """The views of every route that changes something."""
    return {key: view for key, view in routes(app).items() if key[0] in {"POST", "PATCH", "PUT", "DELETE"}}


def test_each_route_that_writes_uses_one_mechanism_or_is_excepted(shared_app):
    wrong = []
    for key, view in writing(shared_app).items():
        used = [getattr(view, "creates", False), takes_version(view), key in EXCEPTED]
        if sum(used) != 1:
            now = dict(zip(("Idempotency-Key", "If-Match", "excepted"), used, strict=True))
            wrong.append(f"{' '.join(key)}: {now}; use @http.create_once, or http.wanted_version(), or say in EXCEPTED")
    assert not wrong, "\n".join(wrong)
    assert set(EXCEPTED) <= set(writing(shared_app))


def test_each_list_goes_on_by_a_cursor_or_is_excepted(anyone):
    description = anyone.get("/openapi.json")
    schemas = description["components"]["schemas"]
    wrong = []
    for path, methods in description["paths"].items():
        answer = methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        reference = answer.get("application/json", {}).get("schema", {}).get("$ref", "")
        fields = schemas.get(reference.rsplit("/", 1)[-1], {}).get("properties", {})
        if "items" in fields and path not in WHOLE:
            told = {parameter["name"] for parameter in methods["get"].get("parameters", [])}
            if "next" not in fields or not {"cursor", "limit"} <= told:
                wrong.append(f"GET {path}: page it (Paging, Page, `page` of api/web/guard.py), or say in WHOLE why not")
    assert not wrong, "\n".join(wrong)
    assert set(WHOLE) <= set(description["paths"])


def allowed_to(key):
    """Somebody whom the table lets in."""
    return next(actor for actor, told in ROWS[key].items() if told.startswith("2"))


def keys_of(app, chosen):
    return [key for key, view in writing(app).items() if chosen(view)]


def told(world, key):
    """A request that would succeed: (caller, path, the rest)."""
    from tests.access.calls import CALLS

    actor = allowed_to(key)
    asked = CALLS.get(key, lambda world, actor: {})(world, actor)
    return asked.pop("caller", world.actors[actor]), world.path(key[1], asked.pop("at", {})), asked


def test_every_change_of_a_versioned_thing_asks_for_the_version_and_refuses_an_old_one(world):
    wrong = {}
    for key in keys_of(world.app, takes_version):
        caller, path, rest = told(world, key)
        headers = rest.pop("headers", {})
        headers.pop("If-Match")
        missing = caller.raw(key[0], path, headers=headers, **rest)
        stale = caller.raw(key[0], path, headers={**headers, "If-Match": '"999999"'}, **rest)
        codes = [(answer.status_code, answer.get_json().get("code")) for answer in (missing, stale)]
        if codes != [(428, "version_missing"), (412, "version_stale")]:
            wrong[key] = codes
    assert wrong == {}


def test_every_creation_asks_for_a_key_and_happens_once(world):
    wrong = {}
    for key in keys_of(world.app, lambda view: getattr(view, "creates", False)):
        if not any(status.startswith("2") for status in ROWS[key].values()):
            continue
        caller, path, rest = told(world, key)
        headers = {**rest.pop("headers", {}), "Idempotency-Key": str(uuid4())}
        missing = caller.raw(key[0], path, headers={"Idempotency-Key": ""}, **rest)
        first, again = (caller.raw(key[0], path, headers=headers, **rest) for _ in range(2))
        other = caller.raw(key[0], path, headers=headers, **{**rest, "json": {"another": "body"}})
        seen = [missing.status_code, first.status_code, again.status_code, other.status_code]
        if seen != [400, 201, 201, 422] or _id(first) != _id(again):
            wrong[key] = (seen, first.text[:200], again.text[:200])
    assert wrong == {}


def _id(answer):
    body = answer.get_json()
    return body.get("id") or body.get("case", {}).get("number")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/drafts/<draft_id>",
        "/v1/cases/<number>",
        "/v1/parcels/<parcel_id>",
        "/v1/conversations/<conversation>",
        "/v1/points/<point_id>",
        "/v1/staff/<staff_id>",
    ],
)
def test_a_versioned_thing_tells_its_version_as_its_etag(world, path):
    caller = world.actors["admin"] if "staff" in path else world.owner
    answer = caller.raw("GET", world.path(path, {}))
    assert answer.headers["ETag"] == f'"{answer.get_json()["version"]}"'
