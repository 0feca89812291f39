"""The ground in the console: a newcomer's first log-in, an authenticator, posts, a dated exception, who sees what."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SCREEN, Watched, open_store

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
    screen.at("staff-username").wait_for()
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


def park_a_job(site):
    """Work that failed too often, as the dispatcher leaves it."""
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    row = {"_id": "bad:1", "v": 1, "kind": "test.bad", "payload": {}, "state": "parked", "attempts": 8}
    row |= {"reason": "the carrier does not answer", "due_at": long_ago, "lease": {"until": long_ago, "fence": 0}}
    with open_store(site) as store:
        store["jobs"].insert_one(row)


def test_a_parked_job_is_shown_with_its_reason_and_tried_again(site, screens):
    park_a_job(site)
    admin = screens("admin")
    admin.at("rail-work").click()
    row = admin.page.locator('[data-test="work-row"][data-id="bad:1"]')
    expect(row.get_by_test_id("work-reason")).to_have_text("the carrier does not answer")
    admin.shot("work")
    row.get_by_test_id("work-retry").click()
    expect(row).to_have_count(0)


def test_the_counter_records_a_mandate_and_refuses_a_wrong_number_in_words(screens):
    window = screens("window")
    expect(window.page.get_by_test_id("rail-people")).to_have_count(0)
    window.at("rail-counter").click()
    window.at("mandate-for").fill("王小明")
    window.at("mandate-for-number").fill("610102194303050023")
    window.at("mandate-by").fill("李华")
    window.at("mandate-by-number").fill("11010519491231002X")
    window.at("mandate-until").fill(f"{datetime.now(UTC) + timedelta(days=60):%Y-%m-%d}")
    window.at("mandate-send").click()
    window.at("mandate-wrong").wait_for()
    window.shot("counter")
    window.at("mandate-for-number").fill("610102194303050022")
    window.at("mandate-send").click()
    window.at("mandate-done").wait_for()
