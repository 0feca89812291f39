"""One's own data as a citizen meets it on a phone: what is held, what was agreed to, a copy of all, the way out."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.test_whole_way import log_in

pytestmark = pytest.mark.browser


def test_a_citizen_sees_takes_along_and_closes_what_is_theirs(phone, site):
    phone.go("/#/login")
    log_in(phone, site)
    phone.at("me-data").click()
    expect(phone.at("self-verified")).to_contain_text("窗口")
    expect(phone.at("self-mandates")).to_contain_text("没有委托")
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
    assert phone.faults == []
