"""The query of an address: what a route does not know is refused in words, on every route; a NUL means nothing."""

import re
from urllib.parse import quote

import pytest

from api.web.openapi import CALLED_BY_PROVIDERS
from tests.access.test_matrix import routes
from tests.http.test_languages import field_words

ZH, EN = "请检查拼写", "Check its spelling"


def described(app):
    """(method, address) of every route under /v1, with something in the place of its parameters."""
    for method, rule in routes(app):
        if rule.startswith("/v1/") and method != "OPTIONS":
            yield method, re.sub(r"<[^>]+>", "1", rule)


def test_every_route_refuses_a_parameter_that_it_does_not_know(app, anyone):
    taken = []
    for method, path in described(app):
        answer = anyone.raw(method, f"{path}?colour=red", headers={"Accept-Language": "en"})
        if answer.status_code != 422 or method != "HEAD" and answer.get_json()["code"] != "unknown_parameter":
            taken.append(path)
    assert [path for path in taken if not path.startswith(CALLED_BY_PROVIDERS)] == []
    assert len(taken) == len(CALLED_BY_PROVIDERS)


@pytest.mark.parametrize(
    "query", ["Q=x", "q=x&limits=3", "q=x&utm_source=wechat", "q=x&%E9%A2%9C=x", "q=x&lon=1&a", "q=x&=y"]
)
@pytest.mark.parametrize(("language", "words"), [("zh", ZH), ("en", EN)])
def test_the_refusal_names_the_parameter_in_the_language_asked_for(anyone, query, language, words):
    answer = anyone.raw("GET", f"/v1/matters/search?{query}", headers={"Accept-Language": language}).get_json()
    assert (answer["code"], words in answer["detail"]) == ("unknown_parameter", True)
    assert all(reasons == [field_words("Unknown field.", language)] for reasons in answer["errors"].values())


def test_a_question_that_is_answered_without_flask_refuses_it_too(anyone):
    assert anyone.raw("GET", "/v1/circle?lon=108.96&lat=34.27").status_code == 200
    assert anyone.raw("GET", "/v1/circle?lon=108.96&lat=34.27&speed=9").get_json()["code"] == "unknown_parameter"


def test_a_thousand_unknown_parameters_are_answered_shortly(anyone):
    query = "&".join(f"{'x' * 300}{n}=1" for n in range(1_000))
    answer = anyone.raw("GET", f"/v1/matters?{query}")
    assert (answer.status_code, len(answer.data) < 2_000) == (422, True)


@pytest.mark.parametrize("path", ["/", "/staff", "/docs", "/healthz", "/readyz", "/openapi.json"])
def test_pages_take_what_others_add_to_an_address(anyone, path):
    with anyone.raw("GET", f"{path}?utm_source=wechat&from=timeline&isappinstalled=0") as answer:
        assert answer.status_code != 422


@pytest.mark.parametrize("text", ["老年\0证", "\0老年证", "老年证\0\0", "老\0年\0证"])
def test_a_nul_in_a_search_means_nothing(anyone, text):
    results = anyone.get(f"/v1/matters/search?q={quote(text)}")["results"]
    assert results == anyone.get("/v1/matters/search?q=老年证")["results"] != []


def test_a_nul_alone_is_an_empty_search_and_elsewhere_too_it_breaks_nothing(anyone, staff):
    assert (
        anyone.raw("GET", "/v1/matters/search?q=%00").status_code
        == anyone.raw("GET", "/v1/matters/search?q=").status_code
    )
    assert staff("admin").raw("GET", "/v1/staff?q=a%00b").status_code == 200
    assert anyone.raw("GET", "/v1/matters/a%00b").status_code == 400


def test_every_operation_has_an_id_of_its_own_that_says_what_it_is(anyone):
    paths = anyone.get("/openapi.json")["paths"]
    operations = {(method, path): of[method] for path, of in paths.items() for method in of if method != "parameters"}
    ids = {key: operation["operationId"] for key, operation in operations.items()}
    assert len(set(ids.values())) == len(ids) > 100
    assert [name for name in ids.values() if not re.fullmatch(r"[a-z]+([A-Z][A-Za-z0-9]*)+", name)] == []
    known = {
        ("get", "/v1/me"): "getMe",
        ("post", "/v1/sessions/codes"): "postSessionsCodes",
        ("get", "/v1/cases/{number}"): "getCasesByNumber",
        ("post", "/v1/cases/{number}/actions"): "postCasesByNumberActions",
        ("patch", "/v1/uploads/{upload_id}"): "patchUploadsByUploadId",
    }
    assert {key: ids[key] for key in known} == known


def test_marks_that_nobody_sees_mean_nothing_in_a_query_and_are_not_written_down(anyone, staff, database):
    marked, invisible, subject = "老年\u202e证\u200b", "\u200b", "case:\u202ex"
    results = anyone.get(f"/v1/matters/search?q={quote(marked)}")["results"]
    assert results == anyone.get("/v1/matters/search?q=老年证")["results"] != []
    assert anyone.raw("GET", f"/v1/matters/search?q={quote(invisible)}").status_code == 200
    staff("admin").get(f"/v1/audit?subject={quote(subject)}")
    assert {row["subject"] for row in database["audit"].find({"act": "read_audit"})} <= {
        "audit:subject=case:x",
        "audit",
    }


@pytest.mark.parametrize("path", ["/v1/matters//guide", "/v1//matters", "/v1/cases//actions"])
def test_an_empty_id_is_not_found_in_words_instead_of_being_sent_to_another_route(anyone, path):
    answer = anyone.raw("GET", path)
    assert (answer.status_code, answer.get_json()["code"]) in {(404, "not_found"), (405, "http_405")}
