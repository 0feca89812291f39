"""The applicant's own acts at the counter: the officer scans what was brought and what was signed for it."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.test_whole_way import ID_NUMBER, PICTURE, log_in
from tests.cases.test_aided import asked, submitted_for
from tests.serving import Caller, Served, drain_of, log_in_staff

pytestmark = pytest.mark.browser


def scan(screen: Any, place: str) -> None:
    """Scan one thing, and wait until it was looked at."""
    field = screen.page.locator(f'[data-test="aided-scan"][data-place="{place}"]')
    field.get_by_test_id("upload-input").set_input_files(PICTURE)
    field.get_by_test_id("upload-done").wait_for()


def test_the_officer_hands_in_and_withdraws_for_whoever_has_no_account(screens: Any, site: Served) -> None:
    officer = Caller(site.base, log_in_staff(site, "window").token)
    case = asked(officer, submitted_for(officer, drain_of(site)), "m4", "m5")
    window = screens("window")
    window.go(f"/staff#/cases/{case['number']}?queue=all")
    expect(window.at("case-no-account")).to_be_visible()
    window.at("act-supplement").click()
    expect(window.page.get_by_test_id("aided-scan")).to_have_count(3)
    window.shot("supplement")
    for place in ("m4", "m5"):
        scan(window, place)
    expect(window.at("act-submit")).to_be_disabled()
    scan(window, "consent")
    window.at("act-text").fill("申请人当面交来。")
    window.shot("supplement-filled")
    window.at("act-submit").click()
    expect(window.at("case-flag")).to_have_attribute("data-flag", "supplement_back")
    window.at("case-signed").scroll_into_view_if_needed()
    expect(window.at("case-signed")).to_be_visible()
    window.shot("supplement-back")
    window.at("act-withdraw").click()
    scan(window, "consent")
    window.shot("withdraw")
    window.at("act-submit").click()
    expect(window.at("act-withdraw")).to_have_count(0)
    expect(window.page.get_by_test_id("case-signed")).to_have_count(2)
    window.shot("withdrawn")
    assert not window.faults, window.faults


def test_whoever_was_verified_online_reads_how_to_see_what_a_window_filed(phone: Any, site: Served) -> None:
    phone.go("/#/login")
    log_in(phone, site, "13800138091")
    phone.at("me-data").click()
    phone.at("verify-name").fill("王小明")
    phone.at("verify-number").fill(ID_NUMBER)
    phone.at("verify-send").click()
    expect(phone.at("self-verified")).to_contain_text("已实名")
    phone.go("/#/cases")
    expect(phone.at("by-number")).to_contain_text("带身份证到窗口核验一次")
    expect(phone.page.get_by_test_id("case-line")).to_have_count(0)
    phone.shot("by-number")
    assert not phone.faults, phone.faults
