"""From talk to deed, at the HTTP face: a card begins a draft, a picture becomes a material, a case has its talk."""

from uuid import uuid4

import pytest

from tests.conftest import PASSWORD, Caller
from tests.way import COURIER, FOOD, accepted_upload, filled_in, submitted

LICENCE = "m4"
NAME = "食品经营许可(餐饮服务)新办"


@pytest.fixture
def talk(citizen, window, app):
    """A talk of the citizen that the window's officer holds; gives its id."""
    office = app.extensions["circle"]
    opened = citizen.post("/v1/conversations", {"matter": FOOD, "text": "想开面馆"})["id"]
    office.chat.handling.claim(office.identity.actor(window.token), opened)
    return opened


def posted_elsewhere(app, anyone, role):
    """An officer of the same department, at another desk."""
    log_in = {"username": "far", "password": PASSWORD}
    app.extensions["circle"].identity.seed_staff("far", PASSWORD, "远处", {role}, "XC-C01", "SPJ")
    return Caller(app.test_client(), anyone.post("/v1/staff/sessions", log_in))


def say(caller, talk, expect=201, **content):
    body = {"client_id": str(uuid4()), **content}
    return caller.post(f"/v1/conversations/{talk}/messages", body, expect=expect)


def send_card(caller, talk, type, ref, expect=201):
    return say(caller, talk, expect, kind="card", card={"type": type, "ref": ref})


def last_card(caller, talk):
    items = caller.get(f"/v1/conversations/{talk}/messages")["items"]
    return [one["card"] for one in items if one["kind"] == "card"][-1]


def take(caller, draft, talk, seq, material=LICENCE, expect=200):
    body = {"material": material, "conversation": talk, "seq": seq}
    headers = {"If-Match": f'"{draft["version"]}"'}
    return caller.post(f"/v1/drafts/{draft['id']}/materials", body, expect, headers=headers)


def tie(caller, talk, number, expect=200, version=None):
    version = version or caller.get(f"/v1/conversations/{talk}")["version"]
    headers = {"If-Match": f'"{version}"'}
    return caller.post(f"/v1/conversations/{talk}/case", {"case": number}, expect, headers=headers)


def lines(caller, number):
    items = caller.get(f"/v1/cases/{number}/timeline")["items"]
    return [(one["act"], one["talk"]) for one in items if one["act"].startswith("talk.")]


# -- a draft -----------------------------------------------------------------------


def test_a_card_invites_to_begin_a_draft_which_knows_its_talk(citizen, window, talk):
    send_card(window, talk, "apply", FOOD)
    assert last_card(citizen, talk)["name"] == NAME
    draft = citizen.post("/v1/drafts", {"matter": FOOD, "talk": talk})
    assert draft["talk"] == citizen.get(f"/v1/drafts/{draft['id']}")["talk"] == talk


def test_a_card_for_no_matter_or_no_material_of_one_is_refused(window, talk):
    for type, ref in (("apply", "none"), ("material", "none:m1"), ("material", f"{FOOD}:none"), ("material", FOOD)):
        assert "card" in send_card(window, talk, type, ref, expect=422)["errors"]


def test_an_officer_asks_for_a_material_by_a_card(citizen, window, talk):
    send_card(window, talk, "material", f"{FOOD}:{LICENCE}")
    card = last_card(citizen, talk)
    assert (card["code"], card["key"], card["matter"]) == (FOOD, LICENCE, NAME)
    assert card["name"]


def test_nobody_begins_a_draft_in_the_talk_of_another(other_citizen, talk):
    for named in (talk, "none"):
        assert "talk" in other_citizen.post("/v1/drafts", {"matter": FOOD, "talk": named}, expect=422)["errors"]


def test_staff_see_a_draft_only_once_its_owner_sent_its_card_and_then_no_answer_of_it(
    citizen, other_citizen, window, talk, app, database
):
    draft = citizen.post("/v1/drafts", {"matter": FOOD, "talk": talk, "answers": {"applicant_name": "王小明"}})
    send_card(window, talk, "draft", draft["id"], expect=422)
    office = app.extensions["circle"]
    assert office.drafts.card(office.identity.actor(window.token), draft["id"]) is None
    send_card(citizen, talk, "draft", draft["id"])
    card = last_card(window, talk)
    assert card == last_card(citizen, talk)
    assert card["title"] == NAME
    assert (card["state_label"], card["missing"], card["case"]) == ("填写中", len(draft["missing"]), None)
    assert set(card) == {"type", "ref", "title", "matter", "state_label", "missing", "case"}
    elsewhere = other_citizen.post("/v1/conversations", {"matter": FOOD})["id"]
    send_card(other_citizen, elsewhere, "draft", draft["id"], expect=422)


def test_an_officer_of_another_desk_does_not_see_the_draft(citizen, anyone, talk, app):
    draft = citizen.post("/v1/drafts", {"matter": FOOD})
    send_card(citizen, talk, "draft", draft["id"])
    office = app.extensions["circle"]
    far = office.identity.actor(posted_elsewhere(app, anyone, "window").token)
    assert far.point == "XC-C01"
    assert office.drafts.card(far, draft["id"]) is None


# -- a picture -----------------------------------------------------------------------


@pytest.fixture
def picture(citizen, talk, drain):
    """A picture that the citizen sent: (upload, seq)."""
    upload = accepted_upload(citizen, drain)
    return upload, say(citizen, talk, kind="image", file=upload)["seq"]


def test_a_picture_of_the_talk_becomes_a_material_once_and_the_same_upload(citizen, talk, picture, database):
    upload, seq = picture
    draft = citizen.post("/v1/drafts", {"matter": FOOD, "talk": talk})
    taken = take(citizen, draft, talk, seq)
    assert taken["materials"] == {LICENCE: [upload]}
    again = take(citizen, taken, talk, seq)
    assert again == taken
    rows = list(database["audit"].find({"act": "take_over_file"}))
    assert [(row["actor"], row["subject"]) for row in rows] == [
        (citizen.person["id"], f"draft:{draft['id']}:{LICENCE}:{upload}")
    ]
    assert database["uploads"].count_documents({}) == 1
    take(citizen, draft, talk, seq, expect=412)


def test_a_taken_picture_is_added_to_what_is_there(citizen, talk, picture, drain):
    upload, seq = picture
    draft, first = citizen.post("/v1/drafts", {"matter": FOOD}), accepted_upload(citizen, drain)
    draft = citizen.patch(f"/v1/drafts/{draft['id']}", {"materials": {LICENCE: [first]}}, draft["version"])
    assert take(citizen, draft, talk, seq)["materials"][LICENCE] == [first, upload]


def test_a_file_of_somebody_else_is_not_taken_over(citizen, other_citizen, window, talk, picture, drain):
    draft = other_citizen.post("/v1/drafts", {"matter": FOOD})
    take(other_citizen, draft, talk, picture[1], expect=404)
    theirs = say(window, talk, kind="image", file=accepted_upload(window, drain))["seq"]
    mine = citizen.post("/v1/drafts", {"matter": FOOD})
    take(citizen, mine, talk, theirs, expect=404)
    take(citizen, mine, talk, 999, expect=404)
    take(citizen, mine, "none", 1, expect=404)
    take(citizen, draft, talk, picture[1], expect=404)


def test_words_and_unknown_materials_are_refused(citizen, talk, picture):
    draft = citizen.post("/v1/drafts", {"matter": FOOD})
    words = say(citizen, talk, kind="text", text="您好")["seq"]
    assert "seq" in take(citizen, draft, talk, words, expect=422)["errors"]
    assert "materials.none" in take(citizen, draft, talk, picture[1], "none", expect=422)["errors"]


def test_a_draft_that_was_handed_in_or_dropped_takes_nothing(citizen, talk, picture, drain):
    draft = complete(citizen, drain)
    citizen.post(f"/v1/drafts/{draft['id']}/submit")
    assert take(citizen, draft, talk, picture[1], expect=409)["code"] == "draft_submitted"
    dropped = citizen.post("/v1/drafts", {"matter": FOOD})
    seen = {"If-Match": f'"{dropped["version"]}"'}
    citizen.call("DELETE", f"/v1/drafts/{dropped['id']}", expect=204, headers=seen)
    take(citizen, dropped, talk, picture[1], expect=404)


def test_a_picture_taken_over_and_handed_in_is_read_by_who_handles_the_case(citizen, handler, talk, picture, drain):
    upload, seq = picture
    number = handed_in_from_talk(citizen, talk, seq, drain)
    files = [file["id"] for one in handler.get(f"/v1/cases/{number}")["materials"] for file in one["files"]]
    assert upload in files
    handler.get(f"/v1/files/{upload}")


def complete(citizen, drain, **more):
    draft = citizen.post("/v1/drafts", {"matter": FOOD, **filled_in(citizen), **more})
    needed = [gap["material"] for gap in draft["missing"] if gap["material"]]
    change = {"materials": {key: [accepted_upload(citizen, drain)] for key in needed}, "delivery": COURIER}
    return citizen.patch(f"/v1/drafts/{draft['id']}", change, draft["version"])


def handed_in_from_talk(citizen, talk, seq, drain):
    draft = take(citizen, complete(citizen, drain, talk=talk), talk, seq)
    number = citizen.post(f"/v1/drafts/{draft['id']}/submit")["case"]["number"]
    drain()
    return number


# -- a case --------------------------------------------------------------------------


def test_a_case_of_a_draft_begun_in_a_talk_is_tied_to_it_once(citizen, window, talk, picture, drain, app):
    number = handed_in_from_talk(citizen, talk, picture[1], drain)
    assert citizen.get(f"/v1/conversations/{talk}")["case"] == number
    app.extensions["circle"].chat.ties.follow_draft(talk, number)
    app.extensions["circle"].chat.ties.follow_draft(talk, "XC-another")
    assert lines(citizen, number) == lines(window, number) == [("talk.tied", talk)]


def test_both_sides_tie_a_talk_to_a_case_whose_timeline_names_it_until_its_end(citizen, window, talk, drain):
    number = submitted(citizen, drain)["number"]
    tied = tie(window, talk, number)
    assert tied["case"] == number
    assert tie(citizen, talk, number)["version"] == tied["version"]
    assert lines(citizen, number) == [("talk.tied", talk)]
    tie(citizen, talk, number, expect=412, version=1)
    headers = {"If-Match": f'"{tied["version"]}"'}
    citizen.post(f"/v1/conversations/{talk}/closing", {}, 200, headers=headers)
    assert lines(window, number) == [("talk.tied", talk), ("talk.closed", talk)]
    labels = {one["act"]: (one["label"], one["by"]) for one in window.get(f"/v1/cases/{number}/timeline")["items"]}
    assert labels["talk.tied"] == ("一段咨询关联到本办件", {"kind": "staff", "name": "王窗口", "role": "window"})
    assert labels["talk.closed"][1]["kind"] == "citizen"
    events = citizen.get(f"/v1/conversations/{talk}/messages")["items"]
    assert [one["event"]["case"] for one in events if one.get("event", {}).get("type") == "tied"] == [number]


def test_a_closed_talk_may_still_be_tied(citizen, talk, drain):
    number = submitted(citizen, drain)["number"]
    version = citizen.get(f"/v1/conversations/{talk}")["version"]
    citizen.post(f"/v1/conversations/{talk}/closing", {}, 200, headers={"If-Match": f'"{version}"'})
    assert tie(citizen, talk, number)["state"] == "closed"


def test_a_talk_opened_from_a_case_is_in_its_timeline(citizen, window, drain):
    number = submitted(citizen, drain)["number"]
    opened = citizen.post("/v1/conversations", {"case": number, "text": "到哪了？"})["id"]
    assert lines(citizen, number) == lines(window, number) == [("talk.opened", opened)]


def test_nobody_ties_a_talk_to_the_case_of_another(citizen, other_citizen, window, talk, drain):
    number = submitted(other_citizen, drain)["number"]
    for caller in (citizen, window):
        assert tie(caller, talk, number, expect=404)["code"] == "not_found"
        assert tie(caller, talk, "XC-none", expect=404)["code"] == "not_found"
    tie(other_citizen, talk, number, expect=404, version=2)
    assert lines(other_citizen, number) == []


def test_staff_who_may_not_read_a_talk_see_that_there_was_one_but_no_way_in(citizen, anyone, talk, drain, app):
    number = submitted(citizen, drain)["number"]
    tie(citizen, talk, number)
    assert lines(posted_elsewhere(app, anyone, "handler"), number) == [("talk.tied", None)]
