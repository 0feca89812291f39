"""Words of a form outlive the log-in they were typed under, for their own account alone; a phone that keeps nothing
says so."""

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import PHONE, Watched, open_store
from tests.browser.test_whole_way import log_in
from tests.serving import Caller, log_in_citizen, wait_for

pytestmark = pytest.mark.browser
FOOD = "XC-行政许可-001"
FIRST, SECOND = "13822223301", "13822223302"
BLOCKED = """const get = () => { throw new DOMException('The operation is insecure.', 'SecurityError') }
for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get })
Object.defineProperty(window, 'indexedDB', { value: undefined })"""
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }"
SPOILT = """if (!sessionStorage.getItem('spoilt')) {
  for (const key of ['circle.tokens.citizen', 'circle.me.citizen', 'circle.where', 'circle.going', 'circle.language',
    'circle.elder', 'circle.outbox.x.y', 'circle.typed.x.y', 'circle.device', 'tus::x'])
    localStorage.setItem(key, '{"spoilt')
  for (const key of ['circle.where', 'circle.staff.debt', 'circle.guide.XC-行政许可-001'])
    sessionStorage.setItem(key, '[[')
  sessionStorage.setItem('spoilt', '1')
}"""


def free_codes(site: Any) -> None:
    """Codes may be asked for again at once."""
    with open_store(site) as store:
        store["login_counts"].delete_many({})


def end_log_ins(site: Any, number: str) -> None:
    """From another device of the same person."""
    free_codes(site)
    log_in_citizen(site, number).call("DELETE", "/v1/me/sessions", expect=204)
    free_codes(site)


def kept(phone: Any) -> list[str]:
    return phone.page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('circle.typed.'))")


def ask_under(phone: Any, site: Any, number: str) -> None:
    phone.go(f"/#/ask?matter={FOOD}")
    log_in(phone, site, number)
    phone.at("ask-text").wait_for()


def test_a_question_is_back_after_the_next_log_in_and_another_account_never_sees_it(phone: Any, site: Any) -> None:
    ask_under(phone, site, FIRST)
    phone.at("ask-text").fill("我家在居民楼下面，想开面馆，油烟怎么办？")
    wait_for(lambda: kept(phone))
    assert "油烟" not in phone.page.evaluate("JSON.stringify(localStorage)")
    end_log_ins(site, FIRST)
    phone.at("ask-send").click()
    log_in(phone, site, SECOND)
    phone.at("ask-text").wait_for()
    expect(phone.at("ask-text")).to_have_value("")
    assert len(kept(phone)) == 1
    end_log_ins(site, SECOND)
    phone.page.reload()
    log_in(phone, site, FIRST)
    expect(phone.at("ask-text")).to_have_value("我家在居民楼下面，想开面馆，油烟怎么办？")
    expect(phone.at("unsent")).to_be_visible()
    phone.shot("unsent-question")
    phone.at("ask-send").click()
    phone.at("talk").wait_for()
    wait_for(lambda: not kept(phone))
    phone.at("talk-text").fill("还要问一句：")
    wait_for(lambda: kept(phone))
    end_log_ins(site, FIRST)
    phone.page.reload()
    log_in(phone, site, FIRST)
    expect(phone.at("talk-text")).to_have_value("还要问一句：")
    phone.shot("unsent-message")
    phone.go("/#/me")
    phone.at("me-logout").click()
    phone.page.locator(".van-dialog__confirm").click()
    wait_for(lambda: not kept(phone))


def test_a_draft_keeps_what_was_typed_as_its_log_in_ended(phone: Any, site: Any) -> None:
    phone.go(f"/#/matters/{FOOD}")
    phone.at("guide-apply").click()
    free_codes(site)
    log_in(phone, site, FIRST)
    phone.at("draft-name").fill("王小明")
    phone.at("draft-id-number").click()
    expect(phone.at("draft-saved")).to_have_text("已保存")
    end_log_ins(site, FIRST)
    phone.at("draft-address").fill("西安市新城区韩森寨街道 12 号")
    phone.at("draft-name").click()
    log_in(phone, site, FIRST)
    expect(phone.at("draft-address")).to_have_value("西安市新城区韩森寨街道 12 号")
    expect(phone.at("draft-name")).to_have_value("王小明")
    expect(phone.at("unsent")).to_be_visible()
    phone.shot("unsent-draft")
    wait_for(lambda: not kept(phone))
    phone.page.reload()
    expect(phone.at("draft-address")).to_have_value("西安市新城区韩森寨街道 12 号")
    expect(phone.page.get_by_test_id("unsent")).to_have_count(0)
    change_the_delivery_elsewhere(phone, site)


def change_the_delivery_elsewhere(phone: Any, site: Any) -> None:
    """A delivery that was typed as the log-in ended does not overwrite what was chosen on another device since."""
    draft = phone.page.url.partition("?")[0]
    phone.go(draft.removeprefix(site.base) + "?step=delivery")
    phone.at("draft-courier").click()
    phone.at("draft-receiver").fill("王小明")
    expect(phone.at("draft-saved")).to_have_text("已保存")
    end_log_ins(site, FIRST)
    phone.at("draft-delivery-address").fill("旧地址 1 号")
    wait_for(lambda: kept(phone))
    there = Caller(site.base, log_in_citizen(site, FIRST).token)
    path = f"/v1/drafts/{draft.rpartition('/')[2]}"
    newer = {"way": "courier", "name": "王小明", "phone": FIRST, "address": "新地址 2 号"}
    there.patch(path, {"delivery": newer}, there.get(path)["version"])
    free_codes(site)
    phone.page.reload()
    log_in(phone, site, FIRST)
    expect(phone.at("draft-delivery-address")).to_have_value("新地址 2 号")
    wait_for(lambda: not kept(phone))
    assert there.get(path)["delivery"] == newer


def test_another_account_that_logs_in_in_another_tab_takes_over_the_first(phone: Any, site: Any) -> None:
    free_codes(site)
    ask_under(phone, site, FIRST)
    phone.at("ask-text").fill("这是我写的。")
    wait_for(lambda: kept(phone))
    tab = Watched(phone.page.context, site.base, "tab")
    tab.go("/#/login")
    log_in(tab, site, SECOND)
    tab.at("me-devices").wait_for()
    expect(phone.at("ask-text")).to_have_value("")
    assert len(kept(phone)) == 1
    phone.go("/#/me")
    phone.page.get_by_text("3302").first.wait_for()


@pytest.mark.parametrize(("fault", "is_told"), [(BLOCKED, True), (FULL, True), (SPOILT, False)])
def test_a_phone_that_keeps_nothing_or_spoilt_things_works_and_says_so(
    chromium: Browser, site: Any, fault: str, is_told: bool
) -> None:
    context = chromium.new_context(locale="zh-CN", **PHONE)
    context.add_init_script(fault)
    phone = Watched(context, site.base, "phone-storage")
    phone.go("/")
    phone.at("search").wait_for()
    expect(phone.page.get_by_test_id("cannot-keep")).to_have_count(int(is_told))
    phone.shot("storage")
    if is_told:
        phone.at("cannot-keep-seen").click()
    free_codes(site)
    ask_under(phone, site, SECOND)
    phone.at("ask-text").fill("能不能周末办？")
    phone.at("ask-send").click()
    phone.at("talk-text").fill("最好是上午")
    phone.at("talk-send").click()
    expect(phone.page.get_by_test_id("receipt")).to_have_count(2)
    for path in ("/#/circle", f"/#/matters/{FOOD}", "/staff"):
        phone.go(path)
        phone.page.locator("h1").first.wait_for()
    assert [fault for fault in phone.faults if "page error" in fault] == []
    context.close()


def test_what_the_situation_says_is_not_asked_twice_in_a_form(phone: Any, site: Any) -> None:
    phone.go("/#/matters/XC-行政许可-002")
    phone.at("ask-dishes").get_by_text("自己有消毒设施").click()
    phone.at("situation-more").click()
    phone.at("ask-result").get_by_text("自己去取").click()
    free_codes(site)
    phone.at("guide-apply").click()
    log_in(phone, site, SECOND)
    phone.at("draft-section").wait_for()
    step = phone.page.url.partition("?")[0]
    phone.go(step.removeprefix(site.base) + "?step=delivery")
    expect(phone.at("draft-pickup")).to_be_checked()
    phone.page.goto(f"{step}?step=place")
    expect(phone.at("draft-tableware-own")).to_be_checked()
    expect(phone.page.get_by_test_id("draft-tableware-disposable")).to_have_count(0)
    phone.at("draft-tableware").scroll_into_view_if_needed()
    phone.shot("settled")
