"""Phones as old as Chrome 64 and iOS 12: what they lack is taken out of the browser, and the pages still work."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import PHONE, Watched
from tests.serving import Served

LACKING = """
for (const name of ['at', 'flat', 'flatMap', 'findLast', 'findLastIndex', 'toSorted', 'toReversed', 'with'])
  delete Array.prototype[name]
for (const name of ['at', 'matchAll', 'replaceAll', 'trimStart', 'trimEnd']) delete String.prototype[name]
for (const name of ['fromEntries', 'hasOwn', 'groupBy']) delete Object[name]
for (const name of ['allSettled', 'any', 'withResolvers']) delete Promise[name]
for (const name of ['structuredClone', 'queueMicrotask', 'AbortController', 'ResizeObserver', 'requestIdleCallback'])
  delete window[name]
delete HTMLDialogElement.prototype.showModal
delete HTMLDialogElement.prototype.close
delete Crypto.prototype.randomUUID
Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined })
"""


pytestmark = pytest.mark.browser
FOOD = "XC-行政许可-001"


@pytest.fixture
def old_phone(chromium: Browser, site: Served) -> Watched:
    context = chromium.new_context(locale="zh-CN", **PHONE)
    context.add_init_script(LACKING)
    return Watched(context, site.base, "old-phone")


def test_search_guide_and_circle_work_without_what_an_old_phone_lacks(old_phone: Watched) -> None:
    page = old_phone.page
    for path, words in (
        ("/", "常办的事"),
        ("/#/lists", "一次不用跑"),
        (f"/#/matters/{FOOD}", "要准备的"),
        ("/#/points/XC-H01", "解放路166号"),
        ("/#/lookup", "查询码"),
    ):
        old_phone.go(path)
        expect(page.get_by_text(words).first).to_be_visible()
    assert old_phone.faults == []


def test_without_scripts_the_page_leads_to_the_pages_in_words(chromium: Browser, site: Served) -> None:
    context = chromium.new_context(locale="zh-CN", java_script_enabled=False, **PHONE)
    page = context.new_page()
    page.goto(f"{site.base}/")
    page.get_by_role("link", name="文字版").click()
    page.get_by_label("要办什么").fill("老年 证")
    page.get_by_role("button", name="查一查").click()
    page.get_by_role("link", name="优待证").first.click()
    expect(page.get_by_role("heading", name="要准备的")).to_be_visible()
    context.close()
