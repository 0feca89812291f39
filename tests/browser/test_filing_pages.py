"""The page for somebody without a phone: the officer fills in, scans the consent, hands in, and tells the news."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import open_store
from tests.browser.test_draft_version import admin
from tests.browser.test_whole_way import ID_NUMBER, PICTURE
from tests.drafts.test_choices import PROMISE, TRADE
from tests.serving import Caller, Served, log_in_staff, wait_for
from tests.way import new_version

pytestmark = pytest.mark.browser


def begin(window: Any, matter: str = "老年人优待证") -> None:
    window.at("rail-filings").click()
    window.at("filing-search").fill(matter)
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
    tell_while_there_is_newer_news(window, site)
    window.at("filing-told").click()
    window.page.locator(".van-dialog__confirm").click()
    expect(window.at("filing-untold")).to_have_count(0)


def tell_while_there_is_newer_news(window: Any, site: Served) -> None:
    """What has happened since the list was read does not count as told with it."""
    number = window.at("filing-untold").locator("a").inner_text()
    with open_store(site) as store:
        news = store["cases"].find_one({"number": number})["untold_at"]
        store["cases"].update_one({"number": number}, {"$set": {"untold_at": news - timedelta(hours=1)}})
        window.page.reload()
        window.at("filing-untold").wait_for()
        store["cases"].update_one({"number": number}, {"$set": {"untold_at": news}})
        window.at("filing-how").select_option("by_phone")
        window.at("filing-told").click()
        window.page.locator(".van-dialog__confirm").click()
        expect(window.page.get_by_text("又有了新的进展，请再告知一次")).to_be_visible()
        expect(window.at("filing-untold")).to_be_visible()
        assert store["cases"].find_one({"number": number})["untold_at"]


def test_what_was_begun_for_somebody_is_deleted_after_a_question(screens: Any) -> None:
    window = screens("window")
    begin(window)
    window.at("filing-drop").scroll_into_view_if_needed()
    window.shot("filing-end")
    window.at("filing-drop").click()
    window.page.locator(".van-dialog__confirm").click()
    expect(window.at("filing-form")).to_have_count(0)
    expect(window.at("filing-draft")).to_have_count(0)


def test_the_promise_the_consent_and_what_was_written_elsewhere(screens: Any, site: Served) -> None:
    new_version(admin(site), TRADE, promise=PROMISE)
    window, officer = screens("window"), Caller(site.base, log_in_staff(site, "window").token)
    begin(window, "出版物零售")
    window.at("promise").locator("summary").click()
    expect(window.at("promise-text")).to_contain_text(PROMISE["text"]["zh"])
    expect(window.at("promise-choose")).to_be_disabled()
    window.at("promise-agree").check()
    window.at("promise-choose").click()
    expect(window.at("promise-given")).to_contain_text("申请人已选择告知承诺")
    window.at("promise-back").click()
    window.at("promise").locator("summary").click()
    window.at("promise-agree").check()
    window.at("promise-choose").click()
    window.at("promise-given").wait_for()

    path = f"/v1/drafts/{window.page.url.rsplit('/', 1)[1]}"
    draft = officer.get(path)
    written = {**draft["answers"], "applicant_name": "王小明", "id_number": ID_NUMBER}
    officer.patch(path, {"answers": written}, draft["version"])
    window.at("draft-address").fill("西安市新城区西一路100号")
    window.at("draft-address").blur()
    expect(window.at("draft-name")).to_have_value("王小明")
    answers = officer.get(path)["answers"]
    assert (answers["applicant_name"], answers["address"]) == ("王小明", "西安市新城区西一路100号")

    consent = window.page.locator("section", has=window.page.get_by_role("heading", name="申请人签名的同意书"))
    consent.get_by_test_id("upload-input").set_input_files(PICTURE)
    consent.get_by_test_id("upload-done").wait_for()
    window.at("draft-name").fill("李小红")  # somebody else has not signed
    window.at("draft-name").blur()
    expect(consent.get_by_test_id("upload-done")).to_have_count(0)
    expect(window.at("filing-missing")).to_contain_text("请扫描上传申请人签名的同意书。")
    consent.scroll_into_view_if_needed()
    window.shot("consent-anew")
