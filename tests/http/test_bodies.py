"""Whatever a client sends as a body or an address, the answer is a clear refusal and never a 500."""

import json

import pytest

from api.web.bodies import MOST_DEPTH, MOST_JSON
from tests.way import FOOD

BODIES = {
    "nothing": (b"", 422),
    "no JSON": (b"{matter: 1}", 400),
    "cut off": (b'{"matter": "XC', 400),
    "two values": (b"{} {}", 400),
    "not UTF-8": (b'{"matter": "\xc8\xcb"}', 400),
    "UTF-16": ('{"matter": "x"}'.encode("utf-16"), 400),
    "NaN": (b'{"matter": NaN}', 400),
    "Infinity": (b'{"matter": -Infinity}', 400),
    "a list": (b"[]", 422),
    "a word": (b'"matter"', 422),
    "null": (b"null", 422),
    "nested, as deep as it gets": (b'{"matter":' * (MOST_DEPTH + 1) + b"1" + b"}" * (MOST_DEPTH + 1), 400),
    "nested beyond reason": (b"[" * 100_000 + b"]" * 100_000, 400),
    "nested and cut off": (b"[" * 100_000, 400),
    "a NUL": (b'{"matter": "a\\u0000b"}', 422),
    "a NUL as a name": (b'{"answers": {"a\\u0000": "b"}, "matter": "x"}', 422),
    "half an emoji": (b'{"matter": "\\ud83d"}', 422),
    "half an emoji as a name": (b'{"answers": {"\\ude00": "b"}, "matter": "x"}', 422),
    "a huge number": (b'{"matter": ' + b"9" * 5000 + b"}", 400),
    "a number beyond 64 bits": (b'{"matter": 99999999999999999999}', 422),
    "a float beyond 64 bits": (b'{"matter": 1e300}', 422),
    "a float that is none": (b'{"matter": 1e999}', 422),
    "dollars and dots as names": (b'{"matter": "x", "answers": {"$where": "1", "a.b": "2"}}', 422),
    "an operator for a value": (b'{"matter": {"$gt": ""}}', 422),
}


@pytest.mark.parametrize(("body", "status"), BODIES.values(), ids=BODIES.keys())
def test_a_bad_body_is_refused(citizen, body, status):
    answer = citizen.raw("POST", "/v1/drafts", data=body, content_type="application/json")
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json"), answer.text


def test_a_refusal_of_a_character_names_the_field(citizen):
    body = {"matter": FOOD, "answers": {"applicant_name": "王\0明"}}
    errors = citizen.post("/v1/drafts", body, expect=422)["errors"]
    assert errors == {"answers.applicant_name": ["有一个字符不能使用，请删掉后再试。"]}


def test_a_body_of_256_kib_is_read_and_one_byte_more_is_not(citizen):
    def sent(size):
        body = json.dumps({"matter": ""})
        return citizen.raw("POST", "/v1/drafts", data=body.ljust(size), content_type="application/json")

    assert sent(MOST_JSON).status_code == 422
    refused = sent(MOST_JSON + 1)
    assert (refused.status_code, refused.get_json()["code"]) == (413, "too_large")


def test_a_long_body_is_refused_also_where_nothing_would_be_read(citizen):
    assert citizen.raw("DELETE", "/v1/sessions/current", data=b" " * (MOST_JSON + 1)).status_code == 413


def test_a_piece_of_an_upload_may_be_longer(citizen):
    size = MOST_JSON * 2
    begin = {"Tus-Resumable": "1.0.0", "Upload-Length": str(size)}
    location = citizen.raw("POST", "/v1/uploads", headers=begin).headers["Location"]
    piece = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
    answer = citizen.raw(
        "PATCH", location, headers=piece, data=b"x" * size, content_type="application/offset+octet-stream"
    )
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(size))


ADDRESSES = {
    "a NUL in the path": ("/v1/matters/a%00b", {400}),
    "a NUL in the query": ("/v1/matters?theme=a%00b", {200, 422}),
    "not UTF-8 in the path": ("/v1/matters/%ff%fe", {404}),
    "not UTF-8 in the query": ("/v1/matters/search?q=%ff%fe", {200, 422}),
    "half a character": ("/v1/matters/%ed%a0%80", {404}),
    "a cursor that is none": ("/v1/matters?cursor=!!!", {400}),
    "a cursor of another list": ("/v1/matters?cursor=AAAA", {200, 400}),
    "a limit beyond numbers": ("/v1/matters?limit=" + "9" * 5000, {422}),
    "a limit below": ("/v1/matters?limit=-1", {422}),
    "a number beyond 64 bits": (f"/v1/matters/{FOOD}?version=99999999999999999999", {404, 422}),
    "up and away": ("/assets/../../../etc/passwd", {404}),
    "up and away, encoded": ("/assets/%2e%2e/%2e%2e/api/settings.py", {404}),
    "infinity on the map": ("/v1/circle?lon=inf&lat=nan", {422}),
}


@pytest.mark.parametrize(("path", "statuses"), ADDRESSES.values(), ids=ADDRESSES.keys())
def test_a_bad_address_is_refused(anyone, path, statuses):
    answer = anyone.raw("GET", path)
    assert answer.status_code in statuses, answer.text


OWN = ("/v1/cases", "/v1/conversations", "/v1/notices", "/v1/drafts")


@pytest.mark.parametrize("path", OWN)
@pytest.mark.parametrize("query", ["cursor=AAAA", "cursor=%ff", "limit=99999999999999999999", "cursor=" + "A" * 500])
def test_ones_own_lists_take_no_harm_from_a_bad_page(citizen, path, query):
    assert citizen.raw("GET", f"{path}?{query}").status_code in {200, 400, 422}


HEADERS = {
    "a bearer that is none": {"Authorization": "Bearer"},
    "another scheme": {"Authorization": "Basic YTpi"},
    "a token with odd characters": {"Authorization": "Bearer \xff\xfe"},
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS.keys())
def test_a_bad_token_is_a_401(anyone, headers):
    assert anyone.raw("GET", "/v1/me", headers=headers).status_code == 401


VERSIONS = {
    "none": (None, 428, "version_missing"),
    "an empty one": ("", 428, "version_missing"),
    "blanks": ("  ", 428, "version_missing"),
    "a word": ("abc", 412, "version_stale"),
    "a word in quotes": ('"abc"', 412, "version_stale"),
    "nothing in quotes": ('""', 412, "version_stale"),
    "a number without quotes": ("1", 412, "version_stale"),
    "below zero": ('"-1"', 412, "version_stale"),
    "a fraction": ('"1.0"', 412, "version_stale"),
    "full-width": ('"１"'.encode().decode("latin-1"), 412, "version_stale"),
    "longer than any of ours": ('"99999999999"', 412, "version_stale"),
    "two": ('"1", "2"', 412, "version_stale"),
    "any": ("*", 412, "version_stale"),
}
"""If-Match -> status and code (RFC 9110 §13.1.1, RFC 6585 §3)."""


@pytest.mark.parametrize(("given", "status", "code"), VERSIONS.values(), ids=VERSIONS.keys())
def test_a_version_that_is_no_number_of_ours_fails_the_precondition(citizen, given, status, code):
    draft = citizen.post("/v1/drafts", {"matter": FOOD, "answers": {}})
    path, headers = f"/v1/drafts/{draft['id']}", {} if given is None else {"If-Match": given}
    answer = citizen.raw("PATCH", path, json={"answers": {"remark": "无"}}, headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert citizen.get(path)["version"] == draft["version"]


@pytest.mark.parametrize("key", ["", "short", "x" * 129, "with a blank", "号码号码号码号码".encode().decode("latin-1")])
def test_an_idempotency_key_that_is_none_is_asked_for_again(citizen, key):
    answer = citizen.raw("POST", "/v1/drafts", json={"matter": FOOD}, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "key_missing")


class BrokenOff:
    """A body that a server reads in chunks, one of which is none."""

    def read(self, size=-1):
        raise OSError("Invalid chunk size: b'zz'")


def test_a_body_that_breaks_off_is_malformed_and_no_error_of_ours(anyone, caplog):
    answer = anyone.raw(
        "POST",
        "/v1/sessions/codes",
        headers={"Content-Type": "application/json", "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input": BrokenOff(), "wsgi.input_terminated": True},
    )
    assert answer.get_json()["code"] == "malformed"
    assert caplog.records == []
