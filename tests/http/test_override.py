"""X-HTTP-Method-Override: on POST alone, into PATCH, PUT and DELETE alone; then the request is that method."""

import pytest

from tests.way import FOOD

HEADER = "X-HTTP-Method-Override"
WORDS = {
    "zh": "X-HTTP-Method-Override 只能是 PATCH、PUT 或 DELETE。",
    "en": "X-HTTP-Method-Override takes PATCH, PUT or DELETE.",
}


def post_as(caller, method, path, **rest):
    """A POST that stands for another method, without Idempotency-Key."""
    headers = {HEADER: method, "Idempotency-Key": "", **rest.pop("headers", {})}
    return caller.raw("POST", path, headers=headers, **rest)


@pytest.mark.parametrize(
    "method",
    ["", "GET", "HEAD", "OPTIONS", "POST", "TRACE", "CONNECT", "patch", "Delete", "PATCH, DELETE", "PATCHES", "删除"],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_method_that_a_post_cannot_stand_for_is_refused_in_words(citizen, method, language):
    header = method.encode().decode("latin-1")
    answer = post_as(citizen, header, "/v1/drafts", json={"matter": FOOD}, headers={"Accept-Language": language})
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    assert answer.get_json()["code"] == "method_override_wrong"
    assert answer.get_json()["detail"] == WORDS[language]
    assert citizen.get("/v1/drafts")["items"] == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PATCH", "DELETE", "PUT"])
def test_on_any_other_method_the_header_means_nothing(citizen, method):
    draft = citizen.post("/v1/drafts", {"matter": FOOD, "answers": {}})
    path, other = f"/v1/drafts/{draft['id']}", "PATCH" if method == "DELETE" else "DELETE"
    rest = {"json": {"answers": {"remark": "无"}}} if method == "PATCH" else {}
    version = {"If-Match": f'"{draft["version"]}"'}
    answer = citizen.raw(method, path, headers={HEADER: other, **version}, **rest)
    assert answer.status_code == {"PUT": 405, "DELETE": 204}.get(method, 200)
    citizen.get(path, expect=404 if method == "DELETE" else 200)


def test_a_change_by_post_goes_by_its_version_and_needs_no_key(citizen):
    draft = citizen.post("/v1/drafts", {"matter": FOOD, "answers": {}})
    path, body = f"/v1/drafts/{draft['id']}", {"answers": {"remark": "无"}}
    version = {"If-Match": f'"{draft["version"]}"'}
    missing = post_as(citizen, "PATCH", path, json=body)
    changed = post_as(citizen, "PATCH", path, json=body, headers=version)
    stale = post_as(citizen, "PATCH", path, json=body, headers=version)
    assert [answer.status_code for answer in (missing, changed, stale)] == [428, 200, 412]
    assert changed.headers["ETag"] == citizen.raw("GET", path).headers["ETag"]
    assert changed.get_json()["answers"] == {"remark": "无"}


def test_a_key_that_made_something_is_not_asked_about_by_a_change(citizen):
    key = {"Idempotency-Key": "once-and-no-more"}
    draft = citizen.post("/v1/drafts", {"matter": FOOD, "answers": {}}, headers=key)
    path, body = f"/v1/drafts/{draft['id']}", {"answers": {"remark": "无"}}
    changed = post_as(citizen, "PATCH", path, json=body, headers={**key, "If-Match": f'"{draft["version"]}"'})
    assert (changed.status_code, changed.get_json()["id"]) == (200, draft["id"])
    assert citizen.post("/v1/drafts", {"matter": FOOD, "answers": {}}, headers=key)["id"] == draft["id"]


def test_where_the_method_is_not_served_the_answer_is_that_of_the_method(citizen):
    direct, by_post = citizen.raw("PUT", "/v1/me", json={}), post_as(citizen, "PUT", "/v1/me", json={})
    assert direct.status_code == by_post.status_code == 405
    assert direct.headers["Allow"] == by_post.headers["Allow"]


def test_limits_log_and_metrics_go_by_the_effective_method(app, citizen, anyone, caplog):
    counted = []
    limits = app.extensions["limits"]
    count = limits.address
    with pytest.MonkeyPatch.context() as patch, caplog.at_level("INFO", "circle.access"):
        patch.setattr(limits, "address", lambda kind, address: (counted.append(kind), count(kind, address)))
        assert post_as(citizen, "DELETE", "/v1/sessions").status_code == 405  # not a log-in
        assert post_as(citizen, "PATCH", "/v1/me", json={"name": "王小明"}).status_code == 200
    assert counted == ["write", "write"]
    assert [record.method for record in caplog.records if record.message == "request"] == ["DELETE", "PATCH"]
    metrics = anyone.raw("GET", "/metrics").text
    assert 'circle_request_seconds_count{method="PATCH",route="/v1/me",status="200"}' in metrics
    assert 'method="POST",route="/v1/me"' not in metrics


def test_the_audit_of_a_change_by_post_is_that_of_the_change(staff):
    admin, rows = staff("admin"), []
    for send in (admin.raw, lambda method, path, **rest: post_as(admin, method, path, **rest)):
        version = admin.get("/v1/points/XC-H01")["version"]
        body, headers = {"phone": f"029-8800000{len(rows)}"}, {"If-Match": f'"{version}"'}
        assert send("PATCH", "/v1/points/XC-H01", json=body, headers=headers).status_code == 200
        rows.append(admin.get(f"/v1/audit?limit=1&actor={admin.person['id']}&subject=point:XC-H01")["items"][0])
    direct, by_post = rows
    assert direct["id"] != by_post["id"]
    assert [direct[name] for name in ("act", "actor", "subject")] == [
        by_post[name] for name in ("act", "actor", "subject")
    ]


def test_the_description_says_how_to_send_it(anyone):
    assert f"`{HEADER}: PATCH`" in anyone.get("/openapi.json")["info"]["description"]
