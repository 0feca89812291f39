"""A talk as both sides see it: canned replies, hidden numbers, the rating."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SHOTS
from tests.browser.test_whole_way import log_in
from tests.serving import log_in_staff, wait_for

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


ELSEWHERE = """() => {
  window.told = []
  window.Notification = class { constructor(title) { window.told.push(title) } static permission = 'granted' }
  Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })
}"""
"""The officer looks at another program, and allows words on the desktop."""


def make_head(site, username):
    """The generated officer becomes head of their desk."""
    admin = log_in_staff(site, "admin")
    one = next(one for one in admin.call("GET", "/v1/staff")["items"] if one["username"] == username)
    version = {"If-Match": f'"{one["version"]}"'}
    admin.call("PATCH", f"/v1/staff/{one['id']}", 200, json={"roles": ["head"]}, headers=version)


def open_talk(screen, row):
    """The pane of the talk that a row of a list leads to."""
    row.get_by_role("link").click()
    return screen.page.locator('[data-test="talk-pane"]:visible')


def test_a_head_reads_along_unseen_whispers_takes_over_and_blocks(phone, screens, site):
    phone.go("/#/ask?matter=XC-行政许可-001")
    log_in(phone, site, "13800138111")
    phone.at("ask-text").fill("材料要几份？")
    phone.at("ask-send").click()
    phone.at("message").wait_for()
    make_head(site, "handler")
    window, head = screens("window"), screens("handler")
    window.at("rail-talks").click()
    window.at("talk-claim").click()
    his = window.page.locator('[data-test="talk-pane"]:visible')
    his.get_by_test_id("talk-text").fill("请稍等，我查一下。")
    his.get_by_test_id("talk-send").click()
    expect(phone.page.get_by_test_id("message").filter(has_text="我查一下")).to_be_visible()

    head.at("rail-talks").click()
    head.at("talk-queue-all").click()
    pane = open_talk(head, head.page.get_by_test_id("talk-row").filter(has_text="我查一下"))
    expect(pane.get_by_test_id("talk-status")).to_contain_text("对方不知道")
    pane.get_by_test_id("talk-text").fill("第三条写着：一式两份。")
    pane.get_by_test_id("talk-send").click()
    expect(his.get_by_test_id("message").filter(has_text="一式两份")).to_be_visible()
    expect(phone.page.get_by_test_id("message").filter(has_text="一式两份")).to_have_count(0)
    head.shot("reading-along")
    window.shot("whispered")

    pane.get_by_test_id("talk-look").click()
    pane.get_by_test_id("talk-look-words").fill("几份")
    pane.get_by_test_id("talk-hit").click()
    head.shot("found")
    pane.get_by_test_id("talk-look").click()

    pane.get_by_test_id("talk-takeover").click()
    head.shot("taking-over")
    pane.get_by_test_id("talk-takeover-submit").click()
    pane.get_by_test_id("talk-close").wait_for()
    pane.get_by_test_id("talk-text").fill("一式两份，我是负责人。")
    pane.get_by_test_id("talk-send").click()
    expect(phone.page.get_by_test_id("message").filter(has_text="我是负责人")).to_be_visible()
    phone.shot("taken-over")

    pane.get_by_test_id("talk-block").click()
    head.shot("blocking")
    pane.get_by_test_id("act-submit").click()
    pane.get_by_test_id("talk-blocked").wait_for()
    phone.at("talk-stopped").wait_for()
    phone.shot("stopped")
    head.shot("blocked")
    head.at("talk-queue-blocked").click()
    head.at("block-row").wait_for()
    head.shot("blocks")
    head.at("block-lift").click()
    phone.at("talk-text").wait_for()
    pane.get_by_test_id("talk-blocked").wait_for(state="detached")
    assert phone.faults == window.faults == head.faults == []


def test_an_officer_keeps_replies_says_how_they_take_talks_and_finds_what_was_said(screens, phone, site):
    window = screens("window")
    window.at("rail-talks").click()
    window.at("go-replies").click()
    window.at("reply-new").click()
    window.at("reply-title").fill("欢迎")
    window.at("reply-text").fill("您好，")
    window.at("reply-place-citizen").click()
    expect(window.at("reply-text")).to_have_value("您好，{citizen}")
    expect(window.at("reply-example")).to_contain_text("您好，张三")
    window.shot("reply-form")
    window.at("act-submit").click()
    row = window.page.get_by_test_id("reply-row").filter(has_text="欢迎")
    row.get_by_test_id("reply-edit").click()
    window.at("reply-text").fill("您好，{citizen}，请讲。")
    window.at("act-submit").click()
    expect(row).to_contain_text("请讲")
    window.shot("replies")
    row.get_by_test_id("reply-drop").click()
    window.page.get_by_role("button", name="删除", exact=True).last.click()
    expect(row).to_have_count(0)

    window.at("rail-talks").click()
    window.at("presence-open").click()
    window.at("presence-capacity").fill("8")
    window.at("presence-skill").check()
    window.shot("presence")
    window.at("act-submit").click()
    window.at("presence-capacity").wait_for(state="detached")
    window.page.reload()
    window.at("presence-open").click()
    expect(window.at("presence-capacity")).to_have_value("8")
    expect(window.at("presence-skill")).to_be_checked()
    window.at("act-cancel").click()

    window.page.evaluate(ELSEWHERE)
    phone.go("/#/ask?matter=XC-行政许可-001")
    log_in(phone, site, "13800138112")
    phone.at("ask-text").fill("请问营业执照要带吗？")
    phone.at("ask-send").click()
    phone.at("message").wait_for()
    window.page.wait_for_function("() => window.told?.length === 1")
    assert window.page.evaluate("() => window.told") == ["有新的咨询在等待"]
    window.page.get_by_test_id("talk-row").filter(has_text="营业执照").get_by_test_id("talk-claim").click()
    window.page.locator('[data-test="talk-pane"]:visible').get_by_test_id("talk-close").wait_for()
    window.at("talks-find").fill("营业执照")
    window.at("talk-hit").wait_for()
    window.shot("found-own")
    window.at("talk-hit").click()
    assert window.faults == []


def test_a_long_text_is_sent_whole_in_several_messages_and_nothing_is_cut(phone, site):
    paragraph = "我家的情况是这样的，请您帮忙看看该怎么办才好。" * 10 + "\n"
    text = (paragraph * 20)[:2_600]
    phone.go("/#/ask?matter=XC-行政许可-001")
    log_in(phone, site, "13800138113")
    phone.at("ask-text").fill(text)
    expect(phone.at("length")).to_have_text("共 2600 字，会分成 2 条发送")
    phone.shot("long-question")
    phone.at("ask-send").click()
    expect(phone.page.get_by_test_id("message")).to_have_count(2)
    phone.at("talk-text").fill(text)
    expect(phone.at("length")).to_have_text("共 2600 字，会分成 2 条发送")
    phone.shot("long-message")
    phone.at("talk-send").click()
    expect(phone.page.get_by_test_id("message")).to_have_count(4)
    expect(phone.page.get_by_test_id("message-waiting")).to_have_count(0)
    shown = phone.page.locator('[data-test="message"] .bubble').all_inner_texts()
    assert ["".join(both).replace("\n", "") for both in (shown[:2], shown[2:])] == [text.replace("\n", "")] * 2
    phone.at("talk-text").fill("长" * 30_000)
    expect(phone.at("length")).to_have_text("共 30000 字，太长了，请改成文件再发")
    expect(phone.at("talk-send")).to_be_disabled()
    phone.shot("too-long-message")


def test_an_answer_that_comes_late_leads_nobody_away_from_where_they_went(phone, screens, site):
    held = []
    phone.go("/#/ask?matter=XC-行政许可-001")
    log_in(phone, site, "13800138114")
    phone.at("ask-text").fill("几点开门？")
    phone.page.route("**/v1/conversations", lambda route: held.append(route.continue_))
    phone.at("ask-send").click()
    wait_for(lambda: phone.page.wait_for_timeout(20) or held, told=lambda: "nothing was sent")
    phone.go("/#/circle")
    with phone.page.expect_response("**/v1/conversations"):
        held.pop()()
    phone.page.wait_for_timeout(300)
    assert phone.page.url.endswith("#/circle")

    def hold_claims(line):
        server = line.connect_to_server()
        line.on_message(lambda frame: held.append(frame) if '"claim"' in frame else server.send(frame))
        sockets.append(server)

    sockets = []
    window = screens("window")
    window.page.route_web_socket("**/socket.io/**", hold_claims)
    window.page.reload()
    window.at("rail-talks").click()
    window.at("talk-queue-waiting").click()
    window.page.get_by_test_id("talk-row").last.click()
    window.page.locator('[data-test="talk-pane"]:visible').get_by_test_id("talk-claim").first.click()
    wait_for(lambda: window.page.wait_for_timeout(20) or held, told=lambda: "nothing was claimed")
    window.at("rail-cases").click()
    with window.page.expect_response("**/v1/desk/conversations?queue=mine*"):
        sockets[-1].send(held.pop())
    window.page.wait_for_timeout(300)
    assert "#/cases" in window.page.url
