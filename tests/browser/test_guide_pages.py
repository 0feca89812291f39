"""A guide that becomes one's own by a few answers, and the public lists, in Chromium."""

from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
FOOD = "XC-行政许可-001"


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
