"""A guide that becomes one's own by a few answers, and the public lists, in Chromium."""

import re
from typing import Any
from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
FOOD, HYGIENE, CAFE = "XC-行政许可-001", "XC-行政许可-007", "XC-行政许可-008"


def test_answers_and_ticks_make_the_guide_ones_own_and_are_kept(phone: Any) -> None:
    phone.go(f"/#/matters/{FOOD}")
    held = phone.at("guide-held")
    expect(held).to_contain_text("营业执照")
    phone.at("situation-more").click()
    phone.at("ask-by").get_by_text("请别人代办").click()
    phone.at("ask-way").get_by_text("到窗口交").click()
    expect(phone.at("guide-bring")).to_contain_text("代办人居民身份证")
    phone.at("ask-licences").get_by_text("刚变更过").click()
    expect(held).to_have_count(0)
    phone.at("ask-complete").get_by_text("有的要过几天").click()
    expect(phone.at("guide-later")).to_contain_text("布局")
    phone.at("guide-tick").first.check()
    phone.shot("own-guide")

    phone.page.reload()
    expect(phone.at("guide-bring")).to_contain_text("已备 1 样")
    expect(phone.at("guide-bring")).to_contain_text("容缺受理承诺书")
    expect(phone.at("ask-by").get_by_text("请别人代办")).to_have_attribute("aria-pressed", "true")


def test_a_public_list_says_how_it_was_counted(phone: Any) -> None:
    phone.go("/#/lists")
    phone.page.get_by_text("一次不用跑").wait_for()
    phone.shot("lists")
    phone.page.get_by_text("一次不用跑").click()
    expect(phone.at("list-share")).to_have_text("28 项，共 74 项（37.8%）")
    expect(phone.page.get_by_test_id("matter")).to_have_count(28)
    assert phone.faults == []


def test_a_guide_in_english_says_what_recurs_in_english_and_that_the_rest_is_chinese(phone: Any) -> None:
    phone.go("/")
    phone.page.evaluate("localStorage.setItem('circle.language', 'en')")
    phone.go(f"/#/matters/{HYGIENE}")
    phone.page.reload()
    expect(phone.at("guide-title")).to_have_text("Public place sanitation permit")
    expect(phone.at("only-chinese")).to_contain_text("only in Chinese")
    expect(phone.at("guide-held")).to_contain_text("Business licence 营业执照")
    expect(phone.at("guide-bring")).to_contain_text("original · 1 needed")
    expect(phone.at("guide-limits")).to_contain_text("Done on the spot if nothing is missing")
    expect(phone.at("guide-steps")).to_contain_text("Acceptance")
    expect(phone.at("guide-ways")).to_contain_text("agreed time")
    phone.shot("english-guide")
    assert phone.faults == []


def test_what_cannot_be_had_says_so_and_what_is_wrong_can_be_told(phone: Any) -> None:
    phone.go(f"/#/matters/{CAFE}")
    phone.at("ask-school").get_by_text("有", exact=True).click()
    expect(phone.at("note-stop")).to_contain_text("这样办不了")
    expect(phone.at("note-stop")).to_contain_text("第9条")
    phone.at("report").click()
    phone.at("report-text").fill("窗口还要一份照片")
    phone.at("report-send").click()
    expect(phone.at("report-sent")).to_be_visible()
    assert phone.faults == []


def test_where_nothing_fits_the_search_says_so_and_offers_a_talk(phone: Any) -> None:
    phone.go("/#/matters")
    phone.at("search").fill("明天会不会下雨")
    expect(phone.at("search-none")).to_contain_text("没有找到“明天会不会下雨”")
    expect(phone.at("search-none")).to_contain_text("12345")
    phone.shot("nothing-fits")
    phone.at("search-ask").click()
    expect(phone.page).to_have_url(re.compile("/login"))  # a talk has somebody to answer to
    assert unquote(unquote(phone.page.url)).endswith("next=/ask?text=明天会不会下雨")


def test_what_another_office_does_names_it_and_its_number(phone: Any) -> None:
    phone.go("/#/matters")
    phone.at("search").fill("护照和身份证丢了怎么补")
    expect(phone.at("search-elsewhere")).to_contain_text("“护照”请找：公安出入境管理窗口")
    expect(phone.at("search-elsewhere")).to_contain_text("“身份证丢了”请找：公安派出所")
    expect(phone.at("search-call")).to_have_attribute("href", "tel:12367")
    expect(phone.at("search-none")).to_be_visible()
    phone.shot("elsewhere")
