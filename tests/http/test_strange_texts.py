"""What people write is normalised for texts of all planes of Unicode; the places that are tried are all there are."""

import re
from pathlib import Path

import pytest

from api.identity.names_and_numbers import clean_name
from api.texts import MOST_REPEATED, bare, listed, one_line, shortened, written
from api.web import edge
from chat.talk.message_kinds import written as written_in_chat
from tests.show.strange_places import HEADER_ROUTES, HEADERS_BESIDE, MARK, leaves, placed
from tests.show.strange_texts import KINDS, strange

ROOT = Path(__file__).parents[2]
TEXTS = [text for _, text in strange(seed=1, count=1_500)]


@pytest.mark.parametrize("rule", [written, one_line, bare, shortened], ids=lambda rule: rule.__name__)
def test_a_text_that_is_normalised_stays_as_it_is(rule):
    assert [ascii(text) for text in TEXTS if rule(rule(text)) != rule(text)] == []


def test_the_chat_normalises_as_the_office_does():
    assert [ascii(text) for text in TEXTS if written_in_chat(text) != written(text)] == []


def test_a_name_that_is_taken_stays_as_it_is():
    def taken(text):
        try:
            return clean_name(text)
        except ValueError:
            return None

    names = [name for name in map(taken, TEXTS) if name is not None]
    assert len(names) > 100
    assert [ascii(name) for name in names if taken(name) != name] == []


def test_what_a_refusal_repeats_is_short_and_on_one_line():
    repeated = listed(TEXTS * 3)
    assert len(repeated) < 6 * (MOST_REPEATED + 2)
    assert re.search(r"[\n\u202e\u200b]", repeated) is None


def test_all_planes_and_every_kind_are_drawn():
    drawn = dict(strange(seed=2, count=3 * len(KINDS)))
    assert set(drawn) == set(KINDS)
    points = {ord(sign) >> 16 for text in TEXTS for sign in text}
    assert points == set(range(17))
    assert {text for _, text in strange(1, 50)} != {text for _, text in strange(2, 50)}


def test_every_header_that_the_code_reads_is_tried():
    read = re.compile(
        r"""request\.headers(?:\.get\(|\[)"([\w-]+)"|environ(?:\.get\(|\[)"HTTP_(\w+)"|"([\w-]+)" in request\.headers"""
    )
    rooms = [path for path in ROOT.glob("api/*/") if path.name != "pages"]
    files = [path for room in (*rooms, ROOT / "chat", ROOT / "notifications") for path in room.rglob("*.py")]
    names = {
        next(filter(None, groups)).replace("_", "-").lower()
        for path in files
        for groups in read.findall(path.read_text())
    }
    tried = {name.strip().lower() for name in (*edge.CORS_SENT.split(","), *HEADERS_BESIDE)}
    assert len(names) > 10
    assert names - tried - set(NO_TEXT) == set()


NO_TEXT = {
    "transfer-encoding": "of the connection: tests/served/test_raw_requests.py",
    "upgrade": "of the connection",
    "sec-websocket-extensions": "taken away unread",
    "access-control-request-method": "of a preflight, from a browser",
}
"""Headers that no person controls, with the reason."""


def test_a_text_is_put_where_the_description_says():
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "id": {"type": "string", "readOnly": True},
            "rows": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}},
            "answers": {"type": "object", "additionalProperties": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
        },
    }
    row = {"type": "object", "properties": {"why": {"type": "string"}, "again": {"$ref": "#/components/schemas/Row"}}}
    paths = list(dict.fromkeys(leaves(schema, {"Row": row})))
    once = ("rows", "[]")
    assert paths == [
        *[("name",), (*once, "why"), (*once, "again", "why")],
        *[("answers", MARK), ("answers", MARK + MARK)],
    ]
    assert placed({"rows": [{"why": "x", "n": 1}]}, (*once, "why"), "y") == {"rows": [{"why": "y", "n": 1}]}
    assert placed({}, ("answers", MARK + MARK), "y") == {"answers": {"y": "x"}}
    assert placed({"answers": {"a": "1"}}, ("answers", MARK), "y") == {"answers": {"a": "y"}}


def test_an_object_that_does_not_say_what_it_holds_hides_no_field():
    with pytest.raises(ValueError, match="card: an object that does not say"):
        list(leaves({"type": "object", "properties": {"card": {"type": "object"}}}, {}))


def test_the_routes_on_which_headers_are_tried_exist(shared_app):
    rules = {(method, rule.rule) for rule in shared_app.url_map.iter_rules() for method in rule.methods}
    assert set(HEADER_ROUTES) <= rules
