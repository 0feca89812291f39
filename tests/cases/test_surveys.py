"""Photographs of a survey over HTTP: pictures of the officer's own that were checked; who sees and opens them."""

import pytest

from tests.files.papers import pdf
from tests.way import accepted_upload, act, submitted


@pytest.fixture
def surveyed(citizen, window, staff, drain):
    """An accepted case, with a survey by two officers who took two photographs."""
    case = act(window, submitted(citizen, drain), "accept")
    officer, colleague = staff("handler", name="核查甲"), staff("handler", name="核查乙")
    photos = [accepted_upload(officer, drain) for _ in range(2)]
    fields = {"officers": [one.person["id"] for one in (officer, colleague)], "result": "met", "text": "设施齐全"}
    return officer, act(officer, case, "survey", photos=photos, **fields), photos, fields


def test_who_handles_the_case_sees_and_opens_the_photographs(surveyed, handler, window, database):
    _, case, photos, _ = surveyed
    for caller in (handler, window):
        [survey] = caller.get(f"/v1/cases/{case['number']}")["surveys"]
        assert [file["id"] for file in survey["files"]] == photos
        assert caller.get(f"/v1/files/{photos[0]}?size=thumb")["url"]
    assert database["audit"].count_documents({"act": "read_file", "subject": f"file:{photos[0]}"}) == 2


def test_the_applicant_whoever_watches_over_it_and_other_departments_open_none(surveyed, citizen, staff, drain):
    _, case, photos, _ = surveyed
    [survey] = citizen.get(f"/v1/cases/{case['number']}")["surveys"]
    assert (survey["files"], survey["photos"], survey["text"]) == ([], [], "")
    assert citizen.get(f"/v1/files/{photos[0]}", expect=404)["code"] == "not_found"
    [survey] = staff("supervisor").get(f"/v1/cases/{case['number']}")["surveys"]
    assert (survey["files"], survey["photos"]) == ([], photos)
    staff("supervisor").get(f"/v1/files/{photos[0]}", expect=403)
    staff("handler", department="RSJ").get(f"/v1/files/{photos[0]}", expect=404)
    papers = citizen.get(f"/v1/cases/{case['number']}")["materials"]
    own = next(file["id"] for paper in papers for file in paper["files"])
    assert citizen.get(f"/v1/files/{own}")["url"], "what the applicant handed in stays theirs"


def test_what_is_no_picture_of_ones_own_that_was_checked_is_refused_in_words(surveyed, handler, drain):
    officer, case, photos, fields = surveyed
    paper = accepted_upload(officer, drain, pdf())
    for wrong, words in (
        ([paper], "现场照片只收图片"),
        (["none"], "没有通过检查"),
        ([accepted_upload(handler, drain)], "没有通过检查"),
    ):
        refused = act(officer, case, "survey", expect=422, photos=wrong, **fields)
        assert words in refused["errors"]["photos"][0]
    case = act(officer, case, "survey", photos=[photos[0], photos[0]], **fields)
    assert case["surveys"][1]["photos"] == photos[:1]
