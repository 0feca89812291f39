"""The ground in the console: a newcomer's first log-in, an authenticator, posts, a dated exception, who sees what."""

import pyotp
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SCREEN, Watched

pytestmark = pytest.mark.browser
OWN_PASSWORD = "梧桐-lantern-4719"


def log_in(screen, username, password):
    screen.go("/staff")
    screen.at("staff-username").fill(username)
    screen.at("staff-password").fill(password)
    screen.at("staff-login").click()


def add_clerk(admin):
    """A new supervisor; their first password, which is shown once."""
    admin.at("rail-people").click()
    admin.at("people-add").click()
    admin.at("officer-username").fill("lihua")
    admin.at("officer-name-field").fill("李华")
    admin.at("officer-role-supervisor").check()
    admin.shot("adding")
    admin.at("act-submit").click()
    password = admin.at("first-password").inner_text()
    admin.shot("first-password")
    admin.at("first-password-close").click()
    expect(admin.page.get_by_test_id("first-password")).to_have_count(0)
    return password


def change_password(screen, old):
    screen.at("password-old").fill(old)
    screen.at("password-new").fill(OWN_PASSWORD)
    screen.at("password-again").fill(OWN_PASSWORD)
    screen.at("password-send").click()


def set_authenticator(screen):
    screen.at("rail-own").click()
    screen.at("own-totp").click()
    totp = pyotp.TOTP(screen.at("totp-secret").inner_text().replace(" ", ""))
    screen.shot("authenticator")
    screen.at("totp-digits").fill(totp.now())
    screen.at("totp-send").click()
    screen.at("own-totp").wait_for()


def test_a_newcomer_changes_the_password_sets_an_authenticator_and_is_asked_for_it(chromium, site, screens):
    password = add_clerk(screens("admin"))
    context = chromium.new_context(locale="zh-CN", **SCREEN)
    screen = Watched(context, site.base, "newcomer")
    log_in(screen, "lihua", password)
    screen.at("first").wait_for()
    screen.shot("first")
    screen.page.reload()
    change_password(screen, password)
    screen.at("rail-work").wait_for()
    expect(screen.page.get_by_test_id("rail-people")).to_have_count(0)
    set_authenticator(screen)
    screen.at("staff-logout").click()
    log_in(screen, "lihua", OWN_PASSWORD)
    screen.at("staff-totp").wait_for()
    screen.shot("log-in")
    assert not screen.faults or all("401" in fault or "403" in fault for fault in screen.faults), screen.faults
    context.close()


def test_a_day_becomes_a_holiday_by_notice_and_the_audit_shows_it(screens):
    admin = screens("admin")
    admin.at("rail-calendar").click()
    admin.at("month-after").click()
    day = admin.page.locator('[data-test="day"][data-working="true"]').nth(9)
    day.wait_for()
    date = day.get_attribute("data-date")
    day.click()
    admin.at("day-notice").fill("新政办发〔2026〕1号")
    admin.shot("calendar")
    admin.at("act-submit").click()
    admin.page.locator(f'[data-test="day"][data-date="{date}"][data-working="false"]').wait_for()
    admin.at("rail-audit").click()
    expect(admin.page.get_by_test_id("audit-row").filter(has_text="calendar").first).to_be_visible()
    admin.shot("audit")
    admin.at("rail-work").click()
    admin.at("empty").wait_for()
    admin.shot("work")
