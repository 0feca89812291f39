"""The documents are tested too: settings, map, glossary, refusals, routes and their rules."""

import re
from pathlib import Path

import pytest

import chat
import notifications
from api.refusals import Refusal
from api.web.problems import STATUS, TITLES, status_of
from tests.code_map import MAP, MARKS, listed
from tests.settings_table import table

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
FILES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
DOCS = {path.relative_to(ROOT).as_posix(): path.read_text() for path in FILES}


def every_refusal():
    import api.app  # noqa: F401 - so that every room has been imported

    def below(base):
        return [base, *(deeper for kind in base.__subclasses__() for deeper in below(kind))]

    return [kind for base in (Refusal, chat.Refusal, notifications.Refusal) for kind in below(base)]


def test_the_table_of_settings_is_that_of_the_code():
    told = re.search(r"<!-- settings:.*?-->\n(.*?)\n<!-- /settings -->", README, re.S)
    assert told is not None
    assert told[1] == table(), "run `python -m tests.settings_table` and put its output into the README"


def test_every_refusal_has_a_status_and_words_in_both_languages():
    bases = {"refused"}
    codes = {kind.code for kind in every_refusal()} - bases
    for kind in every_refusal():
        if kind.code not in bases:
            where = f"{kind.__module__}.{kind.__name__}"
            known = any(kind.code in codes for codes in STATUS.values())
            assert known, f"{where}: give {kind.code} a status in STATUS of api/web/problems.py"
            assert status_of(kind.code) in TITLES, where
            assert re.search("[一-鿿]", kind.zh), f"{where}: words in Chinese (`zh`)"
            assert re.search("[A-Za-z]", kind.en), f"{where}: words in English (`en`)"
    made_at_the_edge = {"malformed", "media_type", "too_large", "unavailable"}
    assert {code for codes_ in STATUS.values() for code in codes_} - codes - made_at_the_edge == set()


def test_every_room_and_package_is_on_the_map():
    rest = MAP.read_text().split(MARKS[0])[1]
    assert rest.split(MARKS[1])[0] == listed(), (
        "the tree has changed: run `python -m tests.code_map`, commit docs/map.md"
    )


def test_every_file_named_in_the_flows_is_there():
    for document, text in DOCS.items():
        for name in set(re.findall(r"`((?:api|chat|notifications|tests|docs)/[a-z_/0-9]*\.(?:py|md|json|csv))`", text)):
            assert (ROOT / name).exists(), f"{document} names {name}, which is not there"


def test_no_flow_of_the_map_visits_a_file_twice():
    flows = re.findall(r"^\| (\w+) \| (`.+) \|$", MAP.read_text().split(MARKS[0])[0], re.M)
    assert {name for name, _ in flows} == {"find", "submit", "handle", "track", "talk", "tell"}
    for name, way in flows:
        files = re.findall(r"`([^`]+\.py)`", way)
        assert len(files) >= 4, name
        assert len(files) == len(set(files)), f"{name} visits a file twice"


def test_the_readme_is_short_and_its_links_lead_somewhere():
    assert len(README.splitlines()) <= 250
    for document, text in DOCS.items():
        for link in re.findall(r"\]\((?!http)([^)#]+)", text):
            assert (ROOT / document).parent.joinpath(link).exists(), f"{document} links to {link}"


def test_every_command_of_the_readme_is_in_the_makefile():
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"(?:^|`)make ([a-z]+)", "\n".join(DOCS.values()), re.M)):
        assert re.search(rf"^{target}[:%-]", makefile, re.M) or f" {target}" in makefile, target


def test_every_route_declares_who_may_call_it(app):
    without = [rule.rule for rule in app.url_map.iter_rules() if not allowed(app, rule)]
    assert [path for path in without if path != "/openapi.json"] == []


def allowed(app, rule):
    return getattr(app.view_functions[rule.endpoint], "allowed", None)


def test_every_route_under_v1_is_in_the_openapi_description(app, anyone):
    paths = set(anyone.get("/openapi.json")["paths"])
    ours = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) for rule in app.url_map.iter_rules()}
    assert {path for path in ours if path.startswith("/v1/")} <= paths


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_problem_has_one_shape_in_the_language_asked_for(anyone, language):
    problem = anyone.get("/v1/me", expect=401, headers={"Accept-Language": language})
    assert set(problem) == {"type", "title", "status", "code", "detail", "request_id"}
    assert problem["title"] == {"zh": "请先登录", "en": "Log in first"}[language]
    missing = anyone.get("/v1/nothing", expect=404, headers={"Accept-Language": language})
    assert set(missing) == {"type", "title", "status", "code", "detail", "request_id"}
    broken = anyone.raw("POST", "/v1/sessions", data="{", content_type="application/json")
    assert (broken.status_code, broken.get_json()["code"]) == (400, "malformed")
    assert anyone.call("PUT", "/v1/me", expect=405)["code"] == "http_405"
