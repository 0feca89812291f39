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


KEPT = "[Object.keys(localStorage), Object.keys(sessionStorage), JSON.stringify(localStorage)]"
OF_NOBODY = {"circle.language", "circle.device", "circle.elder", "circle.going", "circle.where"}
"""What may stay on a device of many: how its pages look, its own random name, how one goes, a street from the list."""


def test_after_log_out_nothing_of_the_person_stays_on_the_device(phone, site):
    phone.go("/#/login")
    log_in(phone, site, "13700137005")
    phone.at("me-name-edit").click()
    phone.at("me-name-input").fill("赵留痕")
    phone.at("me-name-save").click()
    expect(phone.at("me-name")).to_have_text("赵留痕")
    phone.page.evaluate("sessionStorage.setItem('circle.guide.X', '{}')")
    keys, _, everything = phone.page.evaluate(KEPT)
    assert "circle.tokens.citizen" in keys
    assert "赵留痕" not in everything
    assert "7005" not in everything
    phone.page.route("**/v1/sessions/current", lambda route: route.abort())  # even where the server is away
    phone.at("me-logout").click()
    phone.page.locator(".van-dialog__confirm").click()
    expect(phone.at("me-logout")).to_have_count(0)
    keys, of_the_tab, _ = phone.page.evaluate(KEPT)
    assert set(keys) <= OF_NOBODY
    assert of_the_tab == []
    assert "赵留痕" not in phone.page.content()


def test_the_phones_position_is_used_with_consent_alone(phone, site):
    """个人信息保护法 第29条, 第16条: who does not consent chooses a street."""
    phone.go("/#/login")
    log_in(phone, site, "13700137006")
    phone.at("me-name").wait_for()
    asked = []
    phone.page.on("request", lambda request: asked.append(request.url) if "/v1/circle?" in request.url else None)
    phone.go("/#/circle")
    phone.at("circle-locate").click()
    expect(phone.page.locator(".van-dialog")).to_contain_text("位置不保存")
    phone.shot("position-consent")
    phone.page.locator(".van-dialog__cancel").click()
    expect(phone.page.locator(".van-dialog")).to_be_hidden()
    assert asked == []
    phone.at("circle-locate").click()
    phone.page.locator(".van-dialog__confirm").click()
    expect(phone.at("circle-head")).to_be_visible()
    assert asked != []
    phone.go("/#/me/data")
    expect(phone.at("self-consents").get_by_role("button", name="收回同意")).to_have_count(1)


def test_the_notice_says_who_handles_what_how_long_and_ones_rights(phone, site):
    """个人信息保护法 第17条."""
    phone.go("/#/login")
    expect(phone.page.locator("form")).to_contain_text("别告诉任何人")
    phone.at("login-privacy").click()
    expect(phone.at("privacy-who")).to_contain_text("试用环境")
    page = phone.page.locator("main")
    for words in ("第十三条第一款第三项", "身份证号", "留 730 天", "不满十四周岁", "不公开", "收回同意", "注销账号"):
        expect(page).to_contain_text(words)
    phone.shot("privacy")
    phone.page.evaluate("localStorage.setItem('circle.language', 'en')")
    phone.page.reload()
    expect(phone.page.locator("main")).to_contain_text("Your rights")
    phone.shot("privacy-en")
