"""From talk to deed as both sides do it, and that what people write stays text."""

import re
import socket
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.test_whole_way import log_in
from tests.serving import Caller, drain_of, wait_for
from tests.way import submitted

pytestmark = pytest.mark.browser
FOOD = "XC-行政许可-001"
EVIL = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>'
TOKEN = 'Object.values(localStorage).map((kept) => /"token":"([^"]+)/.exec(kept)?.[1]).find(Boolean)'


def photo():
    """A picture of some size, as a phone makes one."""
    made = BytesIO()
    Image.linear_gradient("L").resize((1200, 900)).save(made, "JPEG")
    return {"name": "厨房布局.jpg", "mimeType": "image/jpeg", "buffer": made.getvalue()}


def token_of(phone):
    """The log-in that the phone keeps."""
    return phone.page.evaluate(TOKEN)


def shown(page, count):
    """The messages of a page, once there are so many."""
    messages = page.get_by_test_id("message")
    expect(messages).to_have_count(count)
    return messages


def pane_of(window):
    window.at("rail-talks").click()
    window.at("talk-queue-waiting").click()
    window.at("talk-row").click()
    pane = window.page.locator('[data-test="talk-pane"]:visible')
    pane.get_by_test_id("talk-claim").click()
    pane.get_by_test_id("talk-close").wait_for()
    return pane


def ask_after_reading_what_the_guide_says(phone, site, number):
    phone.go(f"/#/ask?matter={FOOD}")
    log_in(phone, site, number)
    phone.at("guide-question").click()
    expect(phone.at("guide-answer")).to_contain_text("指南自动回答")
    expect(phone.at("ask-person")).to_be_in_viewport()
    phone.shot("guide-answers")
    phone.at("ask-person").click()
    phone.at("talk-log").wait_for()


def test_a_card_begins_a_draft_and_a_sent_picture_becomes_its_material(phone, screens, site):
    ask_after_reading_what_the_guide_says(phone, site, "13800138031")
    window = screens("window")
    pane = pane_of(window)
    pane.get_by_test_id("side-send-apply").click()
    pane.locator('[data-test="side-ask-material"][data-key="m4"]').click()
    expect(pane.get_by_test_id("card")).to_have_count(2)
    window.shot("cards")

    phone.at("card-apply").wait_for()
    phone.at("talk-file").set_input_files(photo())
    phone.page.get_by_test_id("message").filter(has=phone.page.locator("img")).wait_for()
    phone.shot("cards-and-picture")
    phone.at("card-apply").click()
    phone.at("draft-talk").wait_for()
    phone.shot("draft-of-a-talk")
    phone.at("draft-show").click()
    phone.page.get_by_role("button", name="发给窗口").click()
    phone.at("talk-log").wait_for()
    expect(pane.get_by_test_id("card").filter(has_text="还差")).to_be_visible()

    phone.at("message-take").click()
    expect(phone.page.locator('[data-test="take-material"][data-key="m4"]')).to_be_checked()
    phone.shot("take-over")
    phone.at("take-send").click()
    expect(phone.page.get_by_test_id("take-send")).to_have_count(0)
    picture = pane.get_by_test_id("file").locator("img")
    expect(picture).to_have_attribute("src", re.compile("size=thumb"))
    window.shot("shown-to-the-window")
    with window.page.expect_popup() as opened:
        picture.click()
    opened.value.wait_for_url(re.compile("size=content"))
    assert phone.faults == []
    assert window.faults == []


def test_a_talk_is_tied_to_a_case_whose_history_leads_back_to_it(phone, screens, site):
    phone.go("/#/cases")
    log_in(phone, site, "13800138032")
    phone.page.wait_for_url(re.compile("#/cases"))
    case = submitted(Caller(site.base, token_of(phone)), drain_of(site))
    phone.go("/#/ask")
    phone.at("ask-text").fill("我的件到哪了？")
    phone.at("ask-send").click()
    window = screens("window")
    pane = pane_of(window)
    pane.get_by_test_id("side-tie").fill("XC260101-NONE")
    pane.get_by_test_id("side-tie-send").click()
    expect(pane.get_by_test_id("side-tie-wrong")).to_contain_text("没有找到")
    phone.at("talk-tie").click()
    phone.shot("tie")
    phone.at("tie-case").click()
    expect(phone.at("talk-case")).to_contain_text(case["number"])
    expect(pane.get_by_test_id("side-case")).to_contain_text(case["number"])
    phone.at("talk-case").click()
    phone.at("timeline-talk").scroll_into_view_if_needed()
    phone.shot("history")
    phone.at("timeline-talk").click()
    phone.at("talk-log").wait_for()
    window.shot("tied")
    pane.get_by_test_id("side-case").get_by_role("link").first.click()
    window.at("timeline-talk").scroll_into_view_if_needed()
    window.shot("history")
    assert phone.faults == []
    assert [fault for fault in window.faults if "404" not in fault] == []


@pytest.fixture
def bait():
    """A port on which somebody would notice any visitor."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        yield listener


def test_what_people_write_stays_text_and_nobody_follows_its_links(phone, screens, site, bait):
    links = f"javascript:window.hit=1 http://127.0.0.1:{bait.getsockname()[1]}/spy.png data:text/html,<b>x</b>"
    phone.go("/#/ask")
    log_in(phone, site, "13800138033")
    phone.at("ask-text").fill(EVIL)
    phone.at("ask-send").click()
    shown(phone.page, 1)
    phone.at("talk-text").fill(links)
    phone.at("talk-send").click()
    shown(phone.page, 2)
    window = screens("window")
    pane = pane_of(window)
    shown(window.page, 2)
    pane.get_by_test_id("talk-text").fill(EVIL)
    pane.get_by_test_id("talk-send").click()
    for page in (phone.page, window.page):
        said = shown(page, 3)
        expect(said.nth(0)).to_contain_text(EVIL)
        expect(said.nth(1)).to_contain_text(links)
        expect(said.nth(2)).to_contain_text(EVIL)
        expect(page.locator('[data-test="message"] :is(img, script, a, b, iframe)')).to_have_count(0)
        assert page.evaluate("window.hit") is None
    talk = phone.page.url.rsplit("/", 1)[1]
    items = Caller(site.base, token_of(phone)).get(f"/v1/conversations/{talk}/messages")["items"]
    assert [one["text"] for one in items if one["kind"] == "text"] == [EVIL, links, EVIL]
    with pytest.raises(TimeoutError):
        bait.accept()
    phone.shot("text-stays-text")
    assert phone.faults == []
    assert window.faults == []


def test_an_answer_that_comes_after_newer_news_undoes_nothing(phone, screens, site):
    phone.go("/#/ask")
    log_in(phone, site, "13800138034")
    phone.at("ask-text").fill("在吗？")
    phone.at("ask-send").click()
    shown(phone.page, 1)
    talk = phone.page.url.rsplit("/", 1)[1]
    window, asked, late = screens("window"), [], []

    def delay_the_second(route):
        asked.append(route)
        if len(asked) == 2:
            late.append((route, route.fetch()))
        else:
            route.continue_()

    window.page.route(f"**/v1/conversations/{talk}", delay_the_second)
    window.at("rail-talks").click()
    window.page.locator('[data-test="talk-row"]').filter(has_text="在吗").click()
    pane = window.page.locator('[data-test="talk-pane"]:visible')
    wait_for(lambda: window.page.evaluate("1") and late)
    pane.get_by_test_id("talk-claim").click()
    pane.get_by_test_id("talk-close").wait_for()
    window.page.wait_for_timeout(1_000)  # what the claim itself makes the page ask has come
    [(route, answer)] = late
    with window.page.expect_response(f"**/v1/conversations/{talk}"):
        route.fulfill(response=answer)
    pane.get_by_test_id("talk-text").fill("在的。")
    pane.get_by_test_id("talk-send").click()
    expect(shown(phone.page, 2).last).to_contain_text("在的。")
    assert window.faults == []
