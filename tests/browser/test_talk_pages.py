"""A talk as both sides see it: canned replies, hidden numbers, the rating."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SHOTS
from tests.browser.test_whole_way import log_in
from tests.served import log_in_staff

pytestmark = pytest.mark.browser
ID_NUMBER = "11010519491231002X"


def keep_replies(site):
    officer = log_in_staff(site, "window")
    for title, text in (("问候", "您好，我是{officer}，请讲。"), ("材料", "请带身份证原件和复印件。")):
        officer.call("POST", "/v1/canned-replies", 201, json={"title": title, "text": text})


def test_an_officer_answers_with_a_canned_reply_sees_the_number_in_full_and_is_rated(phone, screens, site):
    keep_replies(site)
    phone.go("/#/ask?matter=XC-行政许可-001")
    log_in(phone, site)
    phone.at("ask-text").fill(f"我的身份证是 {ID_NUMBER}，能办吗？")
    phone.at("ask-send").click()
    expect(phone.at("message")).to_contain_text("110***********002X")
    phone.shot("hidden-number")

    window = screens("window")
    window.at("rail-talks").click()
    window.at("talk-queue-all").click()
    window.at("talk-row").click()
    pane = window.page.locator('[data-test="talk-pane"]:visible')
    pane.get_by_test_id("talk-claim").or_(pane.get_by_test_id("talk-close")).first.wait_for()
    if pane.get_by_test_id("talk-claim").count():
        pane.get_by_test_id("talk-claim").first.click()
    pane.get_by_test_id("talk-close").wait_for()
    pane.get_by_test_id("message-original").click()
    expect(pane.get_by_test_id("message").first).to_contain_text(ID_NUMBER)
    pane.get_by_test_id("talk-text").fill("/身份证")
    pane.get_by_test_id("canned-reply").first.wait_for()
    window.shot("canned-replies")
    pane.get_by_test_id("talk-text").press("Enter")
    expect(pane.get_by_test_id("talk-text")).to_have_value("请带身份证原件和复印件。")
    pane.get_by_test_id("talk-send").click()
    expect(phone.page.get_by_test_id("message").filter(has_text="原件和复印件")).to_be_visible()

    window.at("takes-push").click()
    expect(window.at("takes-push")).to_be_checked()
    window.at("takes-push").click()
    expect(window.at("takes-push")).not_to_be_checked()
    pane.get_by_test_id("talk-close").click()
    pane.get_by_test_id("talk-close-submit").click()
    phone.at("rate-4").wait_for()
    phone.page.get_by_text("满意", exact=True).first.click()
    phone.at("rate-text").fill("很快")
    phone.shot("rating")
    phone.at("rate-send").click()
    expect(phone.at("rated")).to_contain_text("满意")
    with phone.page.expect_download() as taken:
        phone.at("talk-paper").click()
    assert taken.value.path().read_bytes().startswith(b"%PDF")
    taken.value.save_as(SHOTS / "talk.pdf")
    phone.shot("rated")
    assert phone.faults == []
    assert window.faults == []
