"""The page for somebody without a phone: the officer fills in, scans the consent, hands in, and tells the news."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import open_store
from tests.browser.test_whole_way import ID_NUMBER, PICTURE
from tests.serving import Served, wait_for

pytestmark = pytest.mark.browser


def begin(window: Any) -> None:
    window.at("rail-filings").click()
    window.at("filing-search").fill("老年人优待证")
    window.at("filing-search").press("Enter")
    window.page.get_by_test_id("filing-begin").first.click()
    window.at("filing-form").wait_for()


def fill_in(window: Any) -> None:
    """All that is asked for, the consent and the photo too."""
    window.at("draft-name").fill("王小明")
    window.at("draft-id-number").fill(ID_NUMBER)
    window.at("draft-address").fill("西安市新城区西一路100号")
    window.at("draft-card-by-visit").check()
    window.at("draft-contacts-0-name").fill("王大明")
    window.at("draft-contacts-0-relation-child").check()
    window.at("draft-contacts-0-phone").fill("13800138078")
    window.page.get_by_test_id("upload-input").nth(0).set_input_files(PICTURE)
    window.page.get_by_test_id("upload-input").nth(1).set_input_files(PICTURE)
    window.page.get_by_test_id("upload-done").nth(1).wait_for()
    window.at("filing-way").select_option("courier")
    window.at("filing-delivery-phone").fill("12")
    window.at("filing-delivery-phone").blur()
    expect(window.page.locator(".field", has=window.at("filing-delivery-phone"))).to_contain_text("手机号")
    window.at("filing-way").select_option("pickup")


def test_an_officer_fills_in_for_somebody_at_the_counter(screens: Any, site: Served) -> None:
    window = screens("window")
    begin(window)
    expect(window.at("filing-missing")).to_contain_text("请扫描上传申请人签名的同意书。")
    fill_in(window)
    expect(window.at("filing-missing")).to_have_count(0)
    window.at("filing-form").scroll_into_view_if_needed()
    window.shot("filing")
    window.at("draft-id-number").fill("610102194303050021")  # refused: what was saved before is not handed in instead
    window.at("filing-submit").click()
    expect(window.at("draft-id-number")).to_be_focused()
    expect(window.at("draft-id-number")).to_be_in_viewport()
    expect(window.at("filing-saved")).to_have_text("没存上")
    expect(window.at("filing-filed")).to_have_count(0)
    window.shot("filing-wrong")
    window.at("draft-id-number").fill(ID_NUMBER)
    window.at("filing-submit").click()
    window.at("filing-filed").wait_for()
    with open_store(site) as store:
        noted = {"untold_at": {"$exists": True}}
        wait_for(lambda: store["cases"].find_one(noted) is not None, told=lambda: "no news for the counter")
    window.page.reload()
    window.at("filing-told").click()
    window.page.locator(".van-dialog__cancel").click()
    expect(window.at("filing-untold")).to_be_visible()
    window.at("filing-told").click()
    window.page.locator(".van-dialog__confirm").click()
    expect(window.at("filing-untold")).to_have_count(0)


def test_what_was_begun_for_somebody_is_deleted_after_a_question(screens: Any) -> None:
    window = screens("window")
    begin(window)
    window.at("filing-drop").scroll_into_view_if_needed()
    window.shot("filing-end")
    window.at("filing-drop").click()
    window.page.locator(".van-dialog__confirm").click()
    expect(window.at("filing-form")).to_have_count(0)
    expect(window.at("filing-draft")).to_have_count(0)
