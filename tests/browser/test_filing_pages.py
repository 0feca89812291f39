"""The page for somebody without a phone: the officer fills in, scans the consent, and sees what is missing."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.test_whole_way import ID_NUMBER, PICTURE

pytestmark = pytest.mark.browser


def test_an_officer_fills_in_for_somebody_at_the_counter(screens: Any) -> None:
    window = screens("window")
    window.at("rail-filings").click()
    window.at("filing-search").fill("老年人优待证")
    window.at("filing-search").press("Enter")
    window.page.get_by_test_id("filing-begin").first.click()
    window.at("filing-form").wait_for()
    expect(window.at("filing-missing")).to_contain_text("请扫描上传申请人签名的同意书。")
    window.at("draft-name").fill("王小明")
    window.at("draft-id-number").fill(ID_NUMBER)
    window.page.get_by_test_id("upload-input").first.set_input_files(PICTURE)
    window.page.get_by_test_id("upload-done").first.wait_for()
    expect(window.at("filing-missing")).not_to_contain_text("同意书")
    window.at("filing-form").scroll_into_view_if_needed()
    window.shot("filing")
    window.at("filing-missing").scroll_into_view_if_needed()
    window.shot("filing-end")
