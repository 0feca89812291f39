"""The pages in words: what a phone sees that is too old for the pages, or blocks scripts."""

import re

import pytest

from tests.way import submitted


@pytest.fixture
def page(app):
    """Read a page in words; gives its HTML."""

    def read(path, status=200, **rest):
        browser = app.test_client()
        response = browser.post(path, data=rest) if rest else browser.get(path)
        assert response.status_code == status, response.text
        assert response.content_type == "text/html; charset=utf-8"
        assert "<script" not in response.text
        return response.text

    return read


def test_the_first_page_lists_places_with_address_hours_and_telephone(page, staff):
    staff("admin").patch("/v1/points/XC-H01", {"phone": "029-12345"}, 1)
    words = page("/plain")
    hall = words[words.index("XC-H01") :][:600]
    assert "解放路166号" in hall
    assert re.search(r"今天\s+09:00-12:00、13:00-17:00", hall)
    assert "029-12345" in hall
    assert words.count("<li>") > 100


def test_a_closed_place_is_not_listed_and_says_so_on_its_own_page(page, staff):
    staff("admin").patch("/v1/points/XC-C01", {"built": "no"}, 1)
    assert "XC-C01" not in page("/plain")
    assert "已经关闭" in page("/plain/points/XC-C01")


def test_the_hours_of_a_place_are_shown_for_seven_days(page):
    words = page("/plain/points/XC-H01")
    assert words.count("<tr>") == 7
    assert "不开" in page("/plain/points/XC-S001001")  # on a weekend


@pytest.mark.parametrize(("typed", "name"), [("小饭馆", "小餐饮"), ("老年 证", "优待证"), ("開飯店", "食品经营许可")])
def test_a_plain_form_searches_and_leads_to_the_guide(page, typed, name):
    words = page(f"/plain/search?q={typed}")
    assert name in words
    code = re.search(r"/plain/matters/([^?]+)", words)[1]
    guide = page(f"/plain/matters/{code}")
    assert "要准备的" in guide
    assert "承诺时限" in guide


def test_what_another_office_does_names_it_and_its_number(page):
    words = page("/plain/search?q=护照丢了怎么补")
    assert "公安出入境管理窗口" in words
    assert 'href="tel:12367"' in words
    assert "the exit and entry administration" in page("/plain/search?q=passport&lang=en")
    assert "12345" in page("/plain/search?q=明天会不会下雨")


@pytest.mark.parametrize("typed", ["", "   ", "\u0000", "<script>alert(1)</script>", "zzzzqqq"])
def test_what_finds_nothing_says_so(page, typed):
    words = page(f"/plain/search?q={typed}")
    assert "<script>" not in words


def test_a_case_is_looked_up_by_number_and_code(page, citizen, drain):
    case = submitted(citizen, drain)
    words = page("/plain/case", number=case["number"], code=case["receipt_code"])
    assert case["state_label"] in words
    assert case["sentence"]["text"] in words
    assert case["number"] in words
    assert "没有查到" in page("/plain/case", 404, number=case["number"], code="WRONG123")
    assert "没有查到" in page("/plain/case", 404, number="", code="")


def test_the_page_is_in_the_asked_language(page):
    assert "Look it up" in page("/plain?lang=en")
    assert 'lang="en"' in page("/plain?lang=en")
    assert "查进度" in page("/plain?lang=zh")


def test_an_unknown_place_or_matter_is_404(app):
    for path in ("/plain/points/none", "/plain/matters/none"):
        assert app.test_client().get(path).status_code == 404


def test_what_is_too_long_is_said_and_kept_in_the_field_and_nothing_is_cut(anyone):
    question = "想开饭店" * 51
    answer = anyone.raw("GET", f"/plain/search?q={question}")
    assert answer.status_code == 200
    assert "最多 200 个字" in answer.text
    assert f'value="{question}"' in answer.text
    pasted = {"number": "1" * 41, "code": "ABCD2345"}
    assert anyone.raw("POST", "/plain/case", data=pasted).status_code == 404
