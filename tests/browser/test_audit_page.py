"""The audit in the console: kinds, people, cases, alarms; for supervisors too."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SCREEN, Watched
from tests.serving import Caller, log_in_staff

pytestmark = pytest.mark.browser
PASSWORD = "梧桐-lantern-4719"


def log_in(screen, username, password):
    screen.go("/staff")
    screen.at("staff-username").fill(username)
    screen.at("staff-password").fill(password)
    screen.at("staff-login").click()


def first_log_in(screen, admin, username):
    """Add a supervisor, who sets a password of their own."""
    post = {"username": username, "name": "钱监督", "roles": ["supervisor"], "point": None, "department": None}
    added = admin.post("/v1/staff", post)
    log_in(screen, username, added["first_password"])
    screen.at("password-old").fill(added["first_password"])
    for field in ("password-new", "password-again"):
        screen.at(field).fill(PASSWORD)
    screen.at("password-send").click()


@pytest.fixture
def admin(site):
    """The administrator, who calls without a page."""
    return Caller(site.base, log_in_staff(site, "admin").token)


def test_a_theft_rings_an_alarm_that_leads_to_its_rows_and_is_noted_once(screens, site):
    stranger = Caller(site.base, "")
    body = {"username": "window", "password": site.staff_passwords()["window"]}
    again = {"refresh_token": stranger.post("/v1/staff/sessions", body)["refresh_token"]}
    stranger.post("/v1/sessions/refresh", again)
    stranger.post("/v1/sessions/refresh", again, expect=401)
    for n in range(8):
        stranger.post("/v1/staff/sessions", {"username": f"nobody-{n}", "password": "x" * 12}, expect=401)
    screen = screens("admin")
    alarm = screen.at("alarm")
    alarm.wait_for()
    expect(alarm).to_contain_text("登录凭证被重复使用")
    screen.shot("alarm")
    screen.at("alarm-see").click()
    rows = screen.page.get_by_test_id("audit-row")
    expect(rows).to_have_count(1)
    assert rows.first.get_attribute("data-act") == "refresh.reused"
    screen.shot("alarm-rows")
    screen.at("alarm-noted").click()
    expect(screen.page.get_by_test_id("alarm")).to_have_count(0)
    screen.page.reload()
    rows.first.wait_for()
    expect(screen.page.get_by_test_id("alarm")).to_have_count(0)
    screen.at("audit-kind").select_option("log_in")
    expect(rows.first).to_contain_text("登录")
    screen.page.get_by_text("清空").click()
    rows.nth(5).wait_for()
    screen.shot("audit")
    assert screen.faults == []


def test_a_supervisor_reads_it_in_english_and_narrowed_to_a_person(chromium, site, admin):
    context = chromium.new_context(locale="zh-CN", **SCREEN)
    screen = Watched(context, site.base, "supervisor")
    first_log_in(screen, admin, "qian")
    screen.at("rail-audit").click()
    rows = screen.page.get_by_test_id("audit-row")
    rows.first.wait_for()
    screen.at("staff-en").click()
    rows.first.locator("button").first.click()
    expect(screen.at("audit-actor")).not_to_have_value("")
    rows.first.wait_for()
    screen.shot("audit-en")
    assert screen.faults == []
    context.close()
