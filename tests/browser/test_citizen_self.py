"""One's own data as a citizen meets it on a phone: what is held, what was agreed to, a copy of all, the way out."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.test_whole_way import ID_NUMBER, log_in

pytestmark = pytest.mark.browser


def give_a_mandate(phone):
    phone.at("verify-name").fill("王小明")
    phone.at("verify-number").fill("610102194303050021")
    phone.at("verify-send").click()
    expect(phone.at("self-verified")).to_contain_text("有一位写错了")
    phone.at("verify-number").fill(ID_NUMBER)
    phone.at("verify-send").click()
    expect(phone.at("self-verified")).to_contain_text("已实名")
    phone.at("give-open").click()
    phone.at("give-name").fill("李四")
    phone.at("give-number").fill("11010519491231002X")
    phone.at("give-until").fill(f"{datetime.now(UTC) + timedelta(days=60):%Y-%m-%d}")
    phone.shot("give-a-mandate")
    phone.at("give-send").click()
    expect(phone.at("self-mandates")).to_contain_text("李四 替您办")
    phone.at("mandate-end").click()
    phone.page.locator(".van-dialog__confirm").click()
    expect(phone.at("self-mandates")).to_contain_text("已结束")


def test_a_citizen_sees_takes_along_and_closes_what_is_theirs(phone, site):
    phone.go("/#/login")
    log_in(phone, site)
    phone.at("me-data").click()
    expect(phone.at("self-verified")).to_contain_text("窗口")
    expect(phone.at("self-mandates")).to_contain_text("没有委托")
    give_a_mandate(phone)
    phone.at("self-consents").get_by_role("button").first.wait_for()
    phone.shot("my-data")
    phone.at("self-consents").get_by_role("button", name="同意", exact=True).first.click()
    expect(phone.at("self-consents").get_by_role("button", name="收回同意").first).to_be_visible()
    with phone.page.expect_download() as taken:
        phone.at("self-export").click()
    assert "data" in json.loads(taken.value.path().read_text())
    phone.at("self-close").click()
    phone.page.get_by_text("不能恢复").wait_for()
    phone.shot("close-account")
    phone.page.get_by_role("button", name="注销", exact=True).click()
    expect(phone.at("self-close")).to_have_count(0)
    assert [fault for fault in phone.faults if "422" not in fault] == []  # the wrong number was told
