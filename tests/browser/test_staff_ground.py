"""The ground in the console: log-ins, authenticators, posts, recoveries, stopped work, audit, calendar, transfers."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import segno
from playwright.sync_api import expect

from api.times import BEIJING
from tests.browser.conftest import SCREEN, Watched, open_store
from tests.serving import Caller, drain_of, log_in_citizen
from tests.way import submitted

pytestmark = pytest.mark.browser
OWN_PASSWORD = "梧桐-lantern-4719"


def log_in(screen, username, password):
    screen.go("/staff")
    screen.at("staff-username").fill(username)
    screen.at("staff-password").fill(password)
    screen.at("staff-login").click()


def add_person(admin, username, name, role):
    """A new member of staff; their first password, which is shown once."""
    admin.at("rail-people").click()
    admin.at("people-add").click()
    admin.at("officer-username").fill(username)
    admin.at("officer-name-field").fill(name)
    admin.at(f"officer-role-{role}").check()
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


MODULES = """(picture) => {
  const size = 8 * MODULES, canvas = Object.assign(document.createElement('canvas'), { width: size, height: size })
  const pen = canvas.getContext('2d')
  pen.fillStyle = '#fff'
  pen.fillRect(0, 0, size, size)
  pen.drawImage(picture, 0, 0, size, size)
  const { data } = pen.getImageData(0, 0, size, size)
  const dark = (x, y) => (data[4 * (size * (8 * y + 4) + 8 * x + 4)] < 128 ? 1 : 0)
  return Array.from({ length: MODULES }, (_, y) => Array.from({ length: MODULES }, (_, x) => dark(x, y)))
}"""
"""What a picture of so many modules a side shows, module by module."""


def check_qr(screen):
    """The picture on the screen is the QR code of the address beside it."""
    link = screen.page.locator('a[href^="otpauth://totp/"]').get_attribute("href")
    assert screen.at("totp-secret").inner_text().replace(" ", "") in link
    wanted = [list(row) for row in segno.make_qr(link, error="m").matrix_iter(border=4)]
    assert screen.at("totp-qr").evaluate(MODULES.replace("MODULES", str(len(wanted)))) == wanted


def set_authenticator(screen):
    screen.at("rail-own").click()
    screen.at("own-totp").click()
    totp = pyotp.TOTP(screen.at("totp-secret").inner_text().replace(" ", ""))
    check_qr(screen)
    screen.shot("authenticator")
    screen.at("totp-digits").fill(totp.now())
    screen.at("totp-send").click()
    screen.at("own-totp").wait_for()


def test_a_newcomer_changes_the_password_sets_an_authenticator_and_is_asked_for_it(chromium, site, screens):
    password = add_person(screens("admin"), "lihua", "李华", "supervisor")
    context = chromium.new_context(locale="zh-CN", **SCREEN)
    screen = Watched(context, site.base, "newcomer")
    log_in(screen, "lihua", password)
    screen.at("first").wait_for()
    screen.shot("first")
    screen.page.reload()
    change_password(screen, password)
    screen.at("rail-work").wait_for()
    expect(screen.page.get_by_test_id("rail-people")).to_have_count(0)
    screen.go("/staff#/people")
    screen.page.wait_for_url("**/staff#/cases**")
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


def test_the_audit_is_narrowed_by_who_what_and_day(screens):
    admin = screens("admin")
    admin.at("rail-people").click()
    me = admin.page.locator('[data-test="people-row"][data-username="admin"]')
    me.wait_for()
    admin.at("rail-audit").click()
    rows = admin.page.get_by_test_id("audit-row")
    rows.first.wait_for()
    actor = rows.filter(has_text="read_audit").first.locator("td").nth(1).inner_text().strip()
    admin.at("audit-actor").fill(actor)
    admin.at("audit-send").click()
    acted = rows.filter(has=admin.page.locator("td:nth-child(2) button"))  # others are about the person
    expect(acted.filter(has_not_text=actor)).to_have_count(0)
    rows.first.wait_for()
    admin.at("audit-subject").fill("nothing:here")
    admin.at("audit-send").click()
    admin.at("empty").wait_for()
    admin.at("audit-subject").fill("")
    admin.at("audit-day").fill("2020-01-01")
    admin.at("audit-send").click()
    expect(rows).to_have_count(0)
    admin.at("audit-day").fill(f"{datetime.now(BEIJING):%Y-%m-%d}")
    admin.at("audit-send").click()
    rows.first.wait_for()
    admin.shot("audit-narrowed")


def row_of(admin, username):
    return admin.page.locator(f'[data-test="people-row"][data-username="{username}"]')


def test_somebody_is_found_given_another_post_and_leaves(chromium, site, screens):
    admin = screens("admin")
    add_person(admin, "sunli", "孙丽", "window")
    admin.at("people-find").fill("孙")
    expect(admin.page.get_by_test_id("people-row")).to_have_count(1)
    admin.at("people-role").select_option("head")
    expect(admin.page.get_by_test_id("people-row")).to_have_count(0)
    admin.at("people-role").select_option("window")
    row_of(admin, "sunli").get_by_test_id("people-edit").click()
    admin.at("officer-role-handler").check()
    admin.at("officer-department").select_option("RSJ")
    admin.at("officer-point").select_option("XC-H01")
    admin.shot("change")
    admin.at("act-submit").click()
    expect(row_of(admin, "sunli")).to_contain_text("审批")
    expect(row_of(admin, "sunli")).to_contain_text("RSJ")
    row_of(admin, "sunli").get_by_test_id("people-edit").click()
    admin.at("officer-active").uncheck()
    admin.at("act-submit").click()
    row_of(admin, "sunli").get_by_test_id("people-left").wait_for()
    admin.shot("left")
    assert not admin.faults, admin.faults


def test_a_recovery_that_one_administrator_opens_is_confirmed_by_another(chromium, site, screens):
    admin = screens("admin")
    password = add_person(admin, "zhenger", "郑二", "admin")
    with open_store(site) as store:  # as added at the command line: who is owed nothing by the first
        store["staff"].update_one({"username": "zhenger"}, {"$set": {"added_by": "command-line"}})
    add_person(admin, "fengsi", "冯四", "head")
    row_of(admin, "fengsi").get_by_test_id("people-recover").click()
    sure(admin)
    open_one = admin.page.locator('[data-test="recovery-row"][data-username="fengsi"]')
    open_one.wait_for()
    expect(open_one.get_by_test_id("recovery-confirm")).to_have_count(0)
    row_of(admin, "handler").get_by_test_id("people-recover").click()
    sure(admin)
    other = admin.page.locator('[data-test="recovery-row"][data-username="handler"]')
    other.wait_for()
    admin.shot("recoveries")
    other.get_by_test_id("recovery-strike-out").click()
    sure(admin)
    expect(other).to_have_count(0)
    context = chromium.new_context(locale="zh-CN", **SCREEN)
    second = Watched(context, site.base, "second")
    log_in(second, "zhenger", password)
    second.at("first").wait_for()
    change_password(second, password)
    second.at("rail-people").click()
    second.at("recovery-confirm").click()
    second.shot("confirming")
    sure(second)
    fresh = second.at("first-password").inner_text()
    second.shot("recovered")
    expect(second.page.get_by_test_id("recovery-row")).to_have_count(0)
    context.close()
    context = chromium.new_context(locale="zh-CN", **SCREEN)
    head = Watched(context, site.base, "recovered")
    log_in(head, "fengsi", fresh)
    head.at("first").wait_for()
    change_password(head, fresh)
    head.at("rail-cases").wait_for()
    context.close()


def sure(screen):
    """Say yes to the question on the screen."""
    screen.page.locator(".van-dialog__confirm:visible").click()


def park_a_job(site, key):
    """Work that failed too often, as the dispatcher leaves it."""
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    row = {"_id": key, "v": 1, "kind": "test.bad", "payload": {}, "state": "parked", "attempts": 8}
    row |= {"reason": "the carrier does not answer", "due_at": long_ago, "lease": {"until": long_ago, "fence": 0}}
    with open_store(site) as store:
        store["jobs"].insert_one(row)


def test_a_parked_job_is_shown_with_its_reason_and_tried_again(site, screens):
    park_a_job(site, "bad:1")
    admin = screens("admin")
    admin.at("rail-work").click()
    row = admin.page.locator('[data-test="work-row"][data-id="bad:1"]')
    expect(row.get_by_test_id("work-reason")).to_have_text("the carrier does not answer")
    admin.shot("work")
    row.get_by_test_id("work-retry").click()
    expect(row).to_have_count(0)


def test_a_parked_job_is_given_up_after_a_question(site, screens):
    park_a_job(site, "bad:2")
    admin = screens("admin")
    admin.at("rail-work").click()
    row = admin.page.locator('[data-test="work-row"][data-id="bad:2"]')
    row.get_by_test_id("work-drop").click()
    admin.shot("dropping")
    sure(admin)
    expect(row).to_have_count(0)
    admin.at("work-dropped").click()
    expect(row).to_be_visible()
    expect(row.get_by_test_id("work-drop")).to_have_count(0)


def test_a_handler_transfers_a_case_and_has_it_no_more(site, screens):
    citizen = Caller(site.base, log_in_citizen(site, "13700137001").token)
    number = submitted(citizen, drain_of(site))["number"]
    handler = screens("handler")
    handler.go(f"/staff#/cases/{number}?queue=all")
    expect(handler.at("case-department")).to_have_text("新城区行政审批服务局")
    handler.at("act-transfer").click()
    handler.at("act-department").select_option("RSJ")
    handler.at("act-reason").fill("涉及劳动用工，请人社局接着办。")
    handler.shot("transfer")
    handler.at("act-submit").click()
    expect(handler.page.get_by_test_id("case-detail")).to_have_count(0)
    expect(handler.page.locator(f'[data-test="case-row"][data-number="{number}"]')).to_have_count(0)
    handler.shot("transferred")


def test_an_officer_does_what_the_server_alone_describes(site, screens):
    token = log_in_citizen(site, "13700137002").token
    number = submitted(Caller(site.base, token), drain_of(site))["number"]
    window, handler = screens("window"), screens("handler")
    window.go(f"/staff#/cases/{number}?queue=all")
    window.at("act-accept").click()
    sure(window)
    expect(window.at("state")).to_have_attribute("data-state", "accepted")
    handler.go(f"/staff#/cases/{number}?queue=all")
    handler.at("act-survey").click()
    expect(handler.page.get_by_test_id("act-officers-tick").first).to_be_visible()
    handler.shot("survey")
    handler.at("act-cancel").click()
    handler.at("act-start_procedure").click()
    handler.at("act-procedure").select_option("现场踏勘")
    handler.at("act-days").fill("五")
    expect(handler.at("act-submit")).to_be_disabled()
    handler.at("act-days").fill("5")
    handler.shot("procedure")
    handler.at("act-submit").click()
    expect(handler.at("case-flag")).to_have_attribute("data-flag", "procedure_running")
    expect(handler.page.get_by_test_id("timeline-about").filter(has_text="现场踏勘")).to_be_visible()
    handler.shot("running")
    handler.at("act-request_extension").click()
    handler.at("act-days").fill("99")
    handler.at("act-reason").fill("等检验")
    handler.at("act-submit").click()
    expect(handler.at("act-trouble")).to_contain_text("“延长几个工作日”填得不对：最多延长 5 个工作日")
    handler.at("act-cancel").click()
    handler.at("act-end_procedure").click()
    handler.at("act-procedure-现场踏勘").check()
    handler.at("act-submit").click()
    expect(handler.page.get_by_test_id("case-flag")).to_have_count(0)
    assert all("422" in fault for fault in handler.faults), handler.faults


def test_an_officer_refuses_on_the_spot_finds_a_case_and_leaves_the_search(site, screens):
    token = log_in_citizen(site, "13700137003").token
    number = submitted(Caller(site.base, token), drain_of(site), matter="XC-公共服务-003")["number"]
    window = screens("window")
    window.go("/staff#/cases?queue=new")
    row = window.page.locator(f'[data-test="case-row"][data-number="{number}"]')
    row.wait_for()
    window.at("case-search").fill("XC000")
    window.page.keyboard.press("Enter")
    expect(row).to_have_count(0)
    window.at("queue-new").click()
    row.get_by_test_id("case-open").click()
    window.at("act-finish").click()
    expect(window.at("act-kind-grant")).to_be_focused()
    window.at("act-kind-refuse").check()
    window.at("act-text").fill("年龄不符合规定。")
    window.at("act-ground").fill("优待办法第三条")
    window.shot("finish")
    window.at("act-submit").click()
    expect(window.at("case-detail").get_by_test_id("state")).to_have_attribute("data-state", "refused")
    window.shot("finished")


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
