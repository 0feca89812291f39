"""The whole way of one citizen and two officers, as people go it: in Chromium, on a phone and on screens."""

import base64
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import open_store
from tests.serving import wait_for

pytestmark = pytest.mark.browser
PHONE_NUMBER = "13800138000"
ID_NUMBER = "610102194303050022"
PICTURE = {
    "name": "材料.png",
    "mimeType": "image/png",
    "buffer": base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    ),
}


def log_in(phone, site, number=PHONE_NUMBER):
    phone.at("login-phone").fill(number)
    before = len(site.codes())
    phone.at("login-send").click()
    wait_for(lambda: len(site.codes()) > before, told=lambda: "no code came")
    phone.shot("log-in")
    phone.at("login-code").fill(site.codes()[-1])
    phone.at("login-submit").click()


def find_the_matter_and_the_place(phone):
    phone.go("/")
    phone.at("search").fill("想开个面馆")
    result = phone.page.locator('[data-test="search-result"][data-code="XC-行政许可-001"]')
    result.wait_for()
    phone.shot("search")
    result.click()
    expect(phone.at("guide-title")).to_contain_text("食品经营许可")
    phone.shot("guide")
    phone.at("guide-circle").click()
    phone.at("circle-locate").click()
    phone.at("circle-point").wait_for()
    expect(phone.at("circle-basis")).to_contain_text("估")
    phone.shot("circle")
    phone.page.go_back()


def material_asked_for(phone):
    """The material of this page, or nothing where the materials are done."""
    phone.page.locator('[data-test="draft-material"], [data-test="draft-courier"]').first.wait_for()
    asked = phone.page.get_by_test_id("draft-material")
    return asked.first.inner_text() if asked.count() else ""


def fill_in_the_form(phone):
    phone.at("draft-shop-name").fill("小明面馆")
    phone.at("draft-business-snack").check()
    phone.at("draft-area").fill("60")
    phone.at("draft-next").click()
    phone.at("draft-items-hot").check()
    phone.at("draft-tableware-disposable").check()
    phone.at("draft-next").click()
    phone.at("draft-staff-0-name").fill("王小明")
    phone.at("draft-staff-0-post-other").check()
    phone.shot("form")
    phone.at("draft-next").click()


def apply_online(phone, site):
    phone.at("guide-apply").click()
    log_in(phone, site)
    phone.at("draft-name").fill("王小明")
    phone.at("draft-id-number").fill(ID_NUMBER)
    phone.at("draft-address").fill("西安市新城区西一路100号")
    phone.shot("applicant")
    phone.at("draft-next").click()
    fill_in_the_form(phone)
    while name := material_asked_for(phone):
        phone.at("upload-input").set_input_files(PICTURE)
        phone.at("upload-done").wait_for()
        phone.at("draft-next").click()
        expect(phone.page.get_by_test_id("draft-material").filter(has_text=name)).to_have_count(0)
    phone.at("draft-courier").click()
    phone.at("draft-receiver").fill("王小明")
    phone.at("draft-phone").fill(PHONE_NUMBER)
    phone.at("draft-delivery-address").fill("西安市新城区西一路100号3单元")
    phone.shot("delivery")
    phone.at("draft-next").click()
    phone.at("draft-agree").click()
    phone.shot("check")
    phone.at("draft-submit").click()
    number = phone.at("case-number").inner_text()
    phone.shot("submitted")
    return number.split()[-1]


def open_case(screen, queue, number):
    screen.at("rail-cases").click()
    screen.at(f"queue-{queue}").click()
    screen.at("case-row").wait_for()
    screen.shot(f"queue-{queue}")
    screen.page.locator(f'[data-test="case-row"][data-number="{number}"]').get_by_test_id("case-open").click()
    screen.at("case-detail").wait_for()


def talk(phone, window):
    phone.go("/#/ask?matter=XC-行政许可-001")
    phone.at("ask-text").fill("卖凉菜要另外办证吗？")
    phone.at("ask-send").click()
    phone.at("talk-log").wait_for()
    window.at("rail-talks").click()
    window.at("talk-queue-waiting").click()
    window.at("talk-row").click()
    window.page.locator('[data-test="talk-pane"]:visible').get_by_test_id("talk-claim").first.click()
    pane = window.page.locator('[data-test="talk-pane"]:visible')
    pane.get_by_test_id("talk-close").wait_for()
    pane.get_by_test_id("talk-text").fill("要的，申请时请勾选冷食类制售。")
    pane.get_by_test_id("talk-send").click()
    expect(phone.page.get_by_test_id("message").filter(has_text="冷食类制售")).to_be_visible()
    phone.shot("talk")
    window.shot("talk")


def decide_and_send(window, handler, number):
    open_case(window, "new", number)
    expect(window.at("case-answers")).to_contain_text("小吃店")
    window.shot("to-accept")
    window.at("act-accept").click()
    window.page.locator(".van-dialog__confirm").click()
    expect(window.page.get_by_test_id("case-detail").get_by_test_id("state").first).to_have_attribute(
        "data-state", "accepted"
    )
    open_case(handler, "to_decide", number)
    handler.at("act-decide").click()
    handler.at("act-kind-grant").check()
    handler.at("act-text").fill("符合条件，准予许可。")
    handler.shot("decide")
    handler.at("act-submit").click()
    expect(handler.page.get_by_test_id("case-detail").get_by_test_id("state").first).to_have_attribute(
        "data-state", "granted"
    )
    typed = "Object.keys(localStorage).some((key) => key.startsWith('circle.typed.'))"
    wait_for(lambda: not handler.page.evaluate(typed))
    open_case(window, "to_issue", number)
    window.at("act-issue").click()
    window.at("act-serial").fill("JY16101020000017")
    window.at("act-submit").click()
    window.at("parcel-carrier").select_option("console")
    window.at("parcel-create").click()
    window.page.get_by_test_id("parcel").first.wait_for()
    window.shot("parcel")


def receive(phone, number):
    phone.go(f"/#/cases/{number}")
    expect(phone.at("parcel-state")).to_contain_text("签收")
    phone.shot("parcel")
    phone.at("parcel-missing").click()
    expect(phone.at("ask-text")).to_have_value(re.compile("显示已签收，但我没有收到"))
    phone.page.go_back()
    phone.at("parcel-confirm").click()
    phone.page.locator(".van-dialog__confirm").click()
    expect(phone.at("case-state")).to_have_attribute("data-state", "handed_over")
    phone.shot("handed-over")


def look_at_the_documents(phone, window):
    kinds = [row.get_attribute("data-kind") for row in phone.page.get_by_test_id("document").all()]
    assert kinds == ["result", "decision", "acceptance", "receipt"]
    phone.at("documents").scroll_into_view_if_needed()
    phone.shot("documents")
    window.at("documents").scroll_into_view_if_needed()
    window.shot("documents")
    phone.go(phone.at("document-verify").get_attribute("href"))
    expect(phone.page.get_by_text("是本系统出具的文书")).to_be_visible()
    phone.shot("genuine")


def seen_on_the_page(site):
    """What the phone has displayed counts as told, so that no SMS follows."""
    with open_store(site) as store:
        by_inbox = {"channel": "in_app", "group": "case"}
        notices = [row["notice"] for row in store["deliveries"].find({**by_inbox, "state": "displayed"})]
        return notices and not store["deliveries"].find_one({"channel": "sms", "notice": {"$in": notices}})


def test_one_citizen_and_two_officers_go_the_whole_way(phone, screens, site):
    find_the_matter_and_the_place(phone)
    number = apply_online(phone, site)
    window, handler = screens("window"), screens("handler")
    talk(phone, window)
    decide_and_send(window, handler, number)
    receive(phone, number)
    look_at_the_documents(phone, window)
    phone.go("/#/messages")
    expect(phone.page.get_by_test_id("notice").first).to_be_visible()
    phone.shot("messages")
    wait_for(lambda: seen_on_the_page(site))
    faults = phone.faults + window.faults + handler.faults
    assert faults == []
    assert "Traceback" not in "\n".join(site.lines)


def test_the_api_description_can_be_read_in_a_browser(phone):
    phone.go("/docs")
    phone.page.locator(".opblock").first.wait_for()
    operation = phone.page.get_by_text("/v1/circle").first
    for _ in range(200):  # only what is in sight is drawn
        if operation.is_visible():
            break
        phone.page.evaluate("scrollBy(0, innerHeight / 2)")
        phone.page.wait_for_timeout(50)
    expect(operation).to_be_visible()
    assert phone.faults == []
