"""A draft on a phone with a bad line: files that go on while one goes on, words that say when they are not saved, two
tabs."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.test_whole_way import log_in

pytestmark = pytest.mark.browser
FOOD, MATERIAL = "XC-行政许可-001", "m4"
NUMBERS = iter(range(8071, 8079))
SLOW = {"offline": False, "latency": 0, "downloadThroughput": 10_000_000, "uploadThroughput": 60_000}
"""Bytes a second."""


@pytest.fixture
def draft(phone: Any, site: Any) -> Any:
    """A phone that has begun an application; gives the phone, with the draft's address as `draft`."""
    phone.go(f"/#/matters/{FOOD}")
    phone.at("guide-apply").click()
    log_in(phone, site, f"1380013{next(NUMBERS)}")
    phone.at("draft-section").wait_for()
    phone.draft = re.sub(r"\?.*", "", phone.page.url)
    return phone


def picture(folder: Path, name: str, side: int = 40) -> Path:
    """A picture that does not compress: three bytes per point."""
    file = folder / name
    Image.frombytes("RGB", (side, side), os.urandom(3 * side * side)).save(file)
    return file


def step(phone: Any, key: str) -> None:
    phone.page.goto(f"{phone.draft}?step={key}")


def test_what_is_not_saved_says_so_and_is_saved_when_the_line_is_back(draft: Any) -> None:
    draft.page.context.set_offline(True)
    draft.at("draft-name").fill("王小明")
    draft.at("draft-id-number").click()
    expect(draft.at("draft-saved")).to_have_text("没存上，联网后再存")
    draft.shot("not-saved")
    draft.page.context.set_offline(False)
    expect(draft.at("draft-saved")).to_have_text("已保存")
    draft.page.reload()
    expect(draft.at("draft-name")).to_have_value("王小明")


def test_a_file_goes_on_while_one_goes_on_and_is_there_when_one_comes_back(draft: Any, tmp_path: Path) -> None:
    step(draft, MATERIAL)
    draft.at("draft-material").wait_for()
    line = draft.page.context.new_cdp_session(draft.page)
    line.send("Network.emulateNetworkConditions", SLOW)
    draft.at("upload-input").set_input_files(picture(tmp_path, "slow.png", 300))
    draft.at("upload-running").wait_for()
    expect(draft.at("draft-next")).to_have_text("边传边做下一步")
    draft.at("draft-next").click()
    expect(draft.page.get_by_test_id("upload-running")).to_have_count(0)
    line.send("Network.emulateNetworkConditions", {**SLOW, "uploadThroughput": -1})
    draft.at("draft-prev").click()
    expect(draft.page.get_by_test_id("upload-done")).to_have_count(1)
    draft.page.reload()
    expect(draft.page.get_by_test_id("upload-done")).to_have_count(1)


def test_two_tabs_on_one_draft_keep_each_others_files(draft: Any, tmp_path: Path) -> None:
    other = draft.page.context.new_page()
    for page in (draft.page, other):
        page.goto(f"{draft.draft}?step={MATERIAL}")
        page.get_by_test_id("draft-material").wait_for()
    for page, name in ((draft.page, "first.png"), (other, "second.png"), (draft.page, "third.png")):
        before = page.get_by_test_id("upload-done").count()
        page.get_by_test_id("upload-input").set_input_files(picture(tmp_path, name))
        expect(page.get_by_test_id("upload-done").nth(before)).to_be_visible()
    draft.page.reload()
    expect(draft.page.get_by_test_id("upload-done")).to_have_count(3)


def test_a_delivery_that_was_not_saved_is_sent_though_one_went_elsewhere(draft: Any) -> None:
    step(draft, "delivery")
    draft.at("draft-courier").click()
    draft.page.context.set_offline(True)
    draft.at("draft-receiver").fill("王小明")
    draft.at("draft-phone").click()
    expect(draft.at("draft-saved")).to_have_text("没存上，联网后再存")
    draft.at("draft-prev").click()
    draft.at("draft-material").wait_for()
    draft.page.context.set_offline(False)
    expect(draft.at("draft-saved")).to_have_text("已保存")
    step(draft, "delivery")
    draft.page.reload()
    expect(draft.at("draft-receiver")).to_have_value("王小明")


def test_two_tabs_show_each_others_words_and_neither_goes_back(draft: Any) -> None:
    other = draft.page.context.new_page()
    other.goto(f"{draft.draft}?step=applicant")
    other.get_by_test_id("draft-section").wait_for()
    other.get_by_test_id("draft-name").fill("李四")
    other.get_by_test_id("draft-id-number").click()
    expect(other.get_by_test_id("draft-saved")).to_have_text("已保存")
    draft.at("draft-address").fill("西一路100号")
    draft.at("draft-id-number").click()
    expect(draft.at("draft-name")).to_have_value("李四")
    other.reload()
    expect(other.get_by_test_id("draft-name")).to_have_value("李四")
    expect(other.get_by_test_id("draft-address")).to_have_value("西一路100号")
