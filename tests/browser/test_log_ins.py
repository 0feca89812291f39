"""Log-ins as people meet them: the bar of a trial, one's own devices, and being asked once more who one is."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SCREEN, Watched, open_store
from tests.browser.test_whole_way import log_in
from tests.serving import log_in_citizen, wait_for

pytestmark = pytest.mark.browser
TRIAL, NUMBER = "演示环境", "13811112222"


def as_if_an_hour_ago(site, kind):
    """Let the proofs of all log-ins be old."""
    with open_store(site) as store:
        before = datetime.now(UTC) - timedelta(hours=1)
        store["log_ins"].update_many({"kind": kind}, {"$set": {"proved_at": before}})


def is_whole(watched):
    """Nothing is wider than the window, and the page is no longer than it because of the bar."""
    return watched.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def faults_of(watched):
    """What went wrong, but for what was refused on purpose."""
    return [fault for fault in watched.faults if "403" not in fault]


def test_a_citizen_sees_the_bar_ends_another_device_and_proves_once_more_by_a_code(phone, site):
    phone.go("/")
    expect(phone.at("trial")).to_contain_text(TRIAL)
    phone.at("tab-home").wait_for()
    phone.shot("trial-home")
    assert is_whole(phone)
    phone.go("/#/login")
    log_in(phone, site, NUMBER)
    phone.at("me-devices").wait_for()
    with open_store(site) as store:
        store["login_counts"].delete_many({})
    log_in_citizen(site, NUMBER)
    phone.at("me-devices").click()
    expect(phone.page.get_by_test_id("log-in")).to_have_count(2)
    expect(phone.at("log-in")).to_contain_text("本机")
    phone.shot("devices")
    phone.at("log-in-end").click()
    phone.page.locator(".van-dialog__confirm").click()
    expect(phone.page.get_by_test_id("log-in")).to_have_count(1)
    as_if_an_hour_ago(site, "citizen")
    phone.go("/#/me/data")
    phone.at("self-export").click()
    before = len(site.codes())
    phone.at("proof-send").click()
    wait_for(lambda: len(site.codes()) > before)
    code = site.codes()[-1]
    phone.at("proof-secret").fill("000000" if code != "000000" else "111111")
    phone.at("proof-give").click()
    phone.at("proof-wrong").wait_for()
    phone.shot("proof")
    phone.at("proof-secret").fill(code)
    with phone.page.expect_download():
        phone.at("proof-give").click()
    expect(phone.page.get_by_test_id("proof")).to_have_count(0)
    assert faults_of(phone) == []


def test_an_administrator_proves_once_more_by_the_password_and_sees_the_log_ins(chromium, site, screens):
    admin = screens("admin")
    expect(admin.at("trial")).to_contain_text(TRIAL)
    context = chromium.new_context(locale="en-GB", **SCREEN)
    login = Watched(context, site.base, "log-in")
    login.go("/staff")
    login.at("staff-username").wait_for()
    login.shot("trial")
    context.close()
    admin.at("rail-own").click()
    expect(admin.at("log-in")).to_contain_text("Linux 电脑 · Chrome 浏览器")
    admin.shot("own")
    as_if_an_hour_ago(site, "staff")
    admin.at("rail-people").click()
    admin.at("people-add").click()
    admin.at("officer-username").fill("wangfang")
    admin.at("officer-name-field").fill("王芳")
    admin.at("officer-role-window").check()
    admin.at("act-submit").click()
    admin.at("proof-secret").wait_for()
    admin.shot("proof")
    admin.at("proof-cancel").click()
    expect(admin.page.get_by_test_id("proof")).to_have_count(0)
    admin.at("act-submit").click()
    admin.at("proof-secret").fill(site.staff_passwords()["admin"])
    admin.at("proof-give").click()
    admin.at("first-password").wait_for()
    assert is_whole(admin)
    assert faults_of(admin) == []
