"""Who one is, on both sides of the counter: a card verified with the code on one's phone, and another number."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import open_store
from tests.browser.test_whole_way import ID_NUMBER, log_in
from tests.serving import Caller, drain_of, log_in_staff, wait_for
from tests.way import submitted

pytestmark = pytest.mark.browser
PHONE, NEW, THIRD = "13800138021", "13700137021", "13600136021"


def code_after(site, act):
    """The code that the site sends because of `act`."""
    before = len(site.codes())
    act()
    wait_for(lambda: len(site.codes()) > before, told=lambda: "no code came")
    return site.codes()[-1]


def test_a_card_is_verified_with_the_code_on_the_phone_and_the_number_changes(phone, screens, site):
    site_log_in(phone, site, PHONE)
    token = phone.page.evaluate("JSON.parse(localStorage.getItem('circle.tokens.citizen')).token")
    number = submitted(Caller(site.base, token), drain_of(site))["number"]
    window = screens("window")
    window.at("rail-counter").click()
    window.at("card-case").fill(number)
    window.at("card-name").fill("王小明")
    window.at("card-number").fill(f"{ID_NUMBER[:6]} {ID_NUMBER[6:14]} {ID_NUMBER[14:]}")
    window.at("card-send").click()
    window.at("card-confirm").wait_for()
    expect(window.at("check-row")).to_contain_text("王*")
    window.shot("card-waits")
    phone.page.reload()
    code = phone.at("check-code").inner_text()
    phone.shot("check-code")
    window.at("card-code").fill(code)
    window.at("card-code-send").click()
    expect(window.at("card-done")).to_contain_text("已核验")
    phone.page.reload()
    expect(phone.page.get_by_text("已实名")).to_be_visible()
    phone.shot("check-bound")

    phone.at("me-phone").click()
    phone.at("phone-old").fill(f"0086 {PHONE}")
    expect(phone.at("phone-old-code-send")).to_be_enabled()
    phone.at("phone-old-code").fill("000000")
    phone.at("phone-new").fill(f"{NEW[:3]}.{NEW[3:7]}.{NEW[7:]}")
    expect(phone.at("phone-new-code-send")).to_be_enabled()
    phone.at("phone-new-code").fill(code_after(site, phone.at("phone-new-code-send").click))
    phone.at("phone-send").click()
    expect(phone.at("phone-old-code-wrong")).to_contain_text("验证码不对")
    phone.shot("phone-wrong")

    window.at("phone-citizen").fill(number)
    window.at("phone-number").fill(ID_NUMBER)
    window.at("phone-new").fill(THIRD)
    window.at("phone-code").fill(code_after(site, window.at("phone-code-send").click))
    window.at("phone-send").click()
    expect(window.at("phone-done")).to_contain_text("原号码已收到提醒")
    window.shot("phone-opened")
    phone.go("/#/me")
    changes = phone.page.locator('[data-test="check"][data-kind="phone"]')
    expect(changes).to_be_visible()
    phone.shot("check-phone")
    changes.get_by_test_id("check-stop").click()
    phone.page.locator(".van-dialog__confirm").click()
    expect(changes).to_have_count(0)

    admin = Caller(site.base, log_in_staff(site, "admin").token)
    post = {"username": "overseer", "name": "周监督", "roles": ["supervisor"], "point": None, "department": None}
    first = admin.post("/v1/staff", post)["first_password"]
    supervise(window, site, first)
    assert [fault for fault in (*phone.faults, *window.faults) if "422" not in fault] == []


def supervise(screen, site, password):
    """The list of verifications, as a new supervisor sees it."""
    screen.page.evaluate("localStorage.clear()")
    screen.go("/staff")
    screen.page.reload()
    screen.at("staff-username").fill("overseer")
    screen.at("staff-password").fill(password)
    screen.at("staff-login").click()
    screen.at("password-old").fill(password)
    screen.at("password-new").fill("梧桐-lantern-4719")
    screen.at("password-again").fill("梧桐-lantern-4719")
    screen.at("password-send").click()
    screen.at("rail-verifications").click()
    expect(screen.page.get_by_test_id("checks-row")).to_have_count(2)
    expect(screen.page.get_by_test_id("checks-row").first).to_contain_text("本人已停止")
    screen.shot("verifications")
    lift(screen, site)


def lift(screen, site):
    """A broken promise of the list, lifted with a reason."""
    row = {"v": 1, "citizen": "c", "person": None, "case": "c1", "number": "610102202611300001", "kind": "deferral"}
    with open_store(site) as store:
        store["broken_promises"].insert_one({"_id": "b1", **row, "at": datetime.now(UTC), "state": "standing"})
    screen.at("rail-broken").click()
    screen.at("broken-open").click()
    expect(screen.at("broken-lift")).to_be_disabled()
    screen.at("broken-reason").fill("已经补交")
    screen.shot("broken-promises")
    screen.at("broken-lift").click()
    screen.page.locator(".van-dialog__confirm").click()
    expect(screen.at("broken-row")).to_have_count(0)
    screen.at("broken-state").select_option("lifted")
    expect(screen.at("broken-row")).to_contain_text("已经补交")


def site_log_in(phone, site, number):
    phone.go("/#/login?next=/me")
    log_in(phone, site, number)
    phone.at("me-name").wait_for()
