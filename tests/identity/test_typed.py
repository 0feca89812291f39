"""What people type or paste: one table of rows, read by the server here, and by the page in api/pages/tests."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from api.identity.documents import districts
from api.identity.names_and_numbers import clean_name, identity_number, mobile
from api.texts import bare, one_line, written
from chat.talk.message_kinds import read_text
from tests.conftest import PASSWORD
from tests.identity.test_rules import numbered
from tests.way import FOOD

ROWS = json.loads((Path(__file__).parents[1] / "data" / "typed_cases.json").read_text())
TODAY = datetime(2026, 11, 24, tzinfo=UTC)
READERS = {
    "written": written,
    "one_line": one_line,
    "digits": bare,
    "mobile": lambda text: mobile(text).removeprefix("+86"),
    "document": lambda text: identity_number(text, TODAY),
    "names": clean_name,
}


@pytest.mark.parametrize(("kind", "typed", "meant"), [(k, *row) for k in READERS for row in ROWS[k]])
def test_what_is_typed_is_read_as_it_is_meant(kind, typed, meant):
    assert READERS[kind](typed) == meant


@pytest.mark.parametrize(
    ("read", "typed"), [(mobile, t) for t in ROWS["no_mobile"]] + [(clean_name, t) for t in ROWS["no_names"]]
)
def test_what_is_none_is_refused(read, typed):
    with pytest.raises(ValueError, match="请填写"):
        read(typed)


@pytest.mark.parametrize(("typed", "meant"), ROWS["written"])
def test_the_chat_reads_alike(typed, meant):
    if meant:
        assert read_text(typed) == meant
    else:
        with pytest.raises(ValueError, match="请写点内容"):
            read_text(typed)


# -- at the faces -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["008613800138000", "１３８００１３８０００", "138.0013.8000", "\u202d138 0013 8000\u202c"]
)
@pytest.mark.parametrize("write", ["{0} {1}", "{0}-{1}", "　{0}{1}\u200b"])
def test_one_logs_in_with_what_was_pasted(anyone, sent, drain, typed, write):
    anyone.post("/v1/sessions/codes", {"phone": typed}, expect=202)
    drain()
    code = re.findall(r"\d{6}", sent.messages[-1][1])[0]
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    log_in = anyone.post("/v1/sessions", {"phone": typed, "code": write.format(wide[:3], code[3:])})
    assert log_in["citizen"]["phone"] == "138****8000"


@pytest.mark.parametrize("nothing", ["\u200b", "\u3000\u3000", "\u202e\u202c", "\u3164", "\ufeff\u2060"])
def test_what_nobody_sees_is_empty_wherever_one_writes(citizen, nothing):
    citizen.call("PATCH", "/v1/me", {"name": nothing}, expect=422)
    citizen.post("/v1/reports", {"about": "point:XC-H01", "text": nothing}, expect=422)
    citizen.post("/v1/me/verification", {"name": nothing, "id_number": "1"}, expect=422)
    talk = citizen.post("/v1/conversations", {"text": "在吗？"})["id"]
    message = {"client_id": str(uuid4()), "kind": "text", "text": nothing}
    citizen.post(f"/v1/conversations/{talk}/messages", message, expect=422)
    draft = citizen.post("/v1/drafts", {"matter": FOOD, "answers": {"applicant_name": nothing}})
    assert any(gap["field"] == "applicant_name" for gap in draft["missing"])


def test_marks_of_direction_do_not_stay(citizen):
    assert citizen.call("PATCH", "/v1/me", {"name": "\u202e王\u3000小明\u202c"})["name"] == "王 小明"
    draft = citizen.post("/v1/drafts", {"matter": FOOD, "answers": {"applicant_name": "\U0002ebf0\u3000明\u200f"}})
    assert draft["answers"]["applicant_name"] == "\U0002ebf0 明"


def test_numbers_in_a_form_lose_their_blanks(citizen):
    answers = {"id_number": "610102 19430305 0022", "phone": "0086 138-0013-8000"}
    draft = citizen.post("/v1/drafts", {"matter": FOOD, "answers": answers})
    assert draft["answers"] == {"id_number": "610102194303050022", "phone": "13800138000"}


def test_a_password_keeps_every_sign(app, anyone, staff):
    officer = staff("window")
    new = "mot\u200bde\u202epasse-longue"
    officer.post("/v1/staff/password", {"old": PASSWORD, "new": new}, expect=200)
    username = app.extensions["circle"].identity.staff.member(officer.person["id"])["username"]
    anyone.post("/v1/staff/sessions", {"username": username, "password": new})
    anyone.post("/v1/staff/sessions", {"username": username, "password": "motdepasse-longue"}, expect=401)


# -- documents of identity --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number",
    [
        numbered("91184019900101001"),
        numbered("96139219851231012"),
        numbered("81000019900101001"),
        "H12345678",
        "M1234567801",
        "12345678",
        "USA110088010101",
        "E12345678",
        "EA1234567",
        "G12345678",
        numbered("33011320220101001"),
        numbered("61900219940101001"),
        numbered("33011520250601001"),
        numbered("65322820250101001"),
    ],
)
def test_every_document_has_a_way_in(number):
    assert identity_number(number, TODAY) == number


@pytest.mark.parametrize(
    "number",
    [
        numbered("99084019900101001"),
        numbered("91184020270101001"),
        numbered("91184019900101001")[:-1] + "Y",
        numbered("33011519900101001"),
        numbered("33991520250601001"),
        "19430305",
        "61010219430305002",
        "USA110088130101",
        "EABCDEFG",
        "王小明",
        "1234567890123",
    ],
)
def test_what_is_no_number_of_any_document_is_refused_in_words(number):
    with pytest.raises(ValueError, match="核对"):
        identity_number(number, TODAY)


def test_the_district_codes_are_dated_and_name_their_sources():
    table = districts()
    assert table["as_of"] >= "2024"
    assert table["sources"]
    assert all(
        len(code) == 6 and name and first <= (last or 9999) for code, (name, first, last) in table["districts"].items()
    )


def test_a_passport_is_verified_at_a_window_and_not_by_the_register(citizen, window):
    card = {"name": "John Smith", "id_number": "e1234 5678"}
    assert citizen.post("/v1/me/verification", card, expect=409)["code"] == "verify_at_window"
    opening = window.post("/v1/staff/verifications", {**card, "citizen": citizen.person["id"]})["verification"]
    assert opening["number"] == "E1****78"
    code = citizen.get("/v1/me/verifications")["items"][0]["code"]
    window.post(f"/v1/staff/verifications/{opening['id']}/confirmation", {"code": code}, expect=200)
    assert citizen.get("/v1/me")["assurance"] == "verified"
