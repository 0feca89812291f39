"""Packages, construction classes and printed guides on the phone; a QR code opens the version it was printed for."""

from typing import Any

import pypdfium2
import pytest
import requests
import zxingcpp
from playwright.sync_api import expect

from tests.browser.conftest import SCREEN, Watched

pytestmark = pytest.mark.browser
FOOD = "XC-行政许可-001"


def test_a_package_leads_through_its_matters_step_by_step(phone: Any) -> None:
    phone.go("/#/matters")
    phone.at("packages").click()
    expect(phone.page.get_by_test_id("package")).to_have_count(6)
    phone.shot("packages")
    phone.page.get_by_text("开餐馆一件事").click()
    expect(phone.at("package-stage")).to_contain_text("按自己的情况选一个")
    phone.shot("package")
    phone.page.get_by_text("小餐饮经营许可").click()
    expect(phone.at("guide-title")).to_contain_text("小餐饮")
    assert phone.faults == []


def test_each_class_of_construction_has_its_target_and_stages(phone: Any) -> None:
    phone.go("/#/construction")
    expect(phone.at("class-target")).to_contain_text("110")
    phone.at("class-S3").click()
    expect(phone.at("class-target")).to_contain_text("40")
    expect(phone.page.get_by_test_id("construction-stage")).to_have_count(4)
    phone.shot("construction")
    assert phone.faults == []


def test_the_code_of_a_printed_guide_opens_that_version_with_those_answers(
    phone: Any, site: Any, chromium: Any
) -> None:
    phone.go(f"/#/matters/{FOOD}")
    phone.at("situation-more").click()
    phone.at("ask-by").get_by_text("请别人代办").click()
    phone.at("ask-way").get_by_text("到窗口交").click()
    expect(phone.at("guide-bring")).to_contain_text("代办人居民身份证")
    address = phone.at("print-large").get_attribute("href")
    phone.at("guide-print").scroll_into_view_if_needed()
    phone.shot("print")
    paper = requests.get(site.base + address, timeout=60).content
    picture = pypdfium2.PdfDocument(paper)[0].render(scale=2).to_pil()
    (code,) = zxingcpp.read_barcodes(picture)

    context = chromium.new_context(locale="zh-CN", **SCREEN)
    another = Watched(context, site.base, "scanned")
    another.page.goto(code.text)
    expect(another.at("ask-by").get_by_text("请别人代办")).to_have_attribute("aria-pressed", "true")
    expect(another.at("guide-bring")).to_contain_text("代办人居民身份证")
    expect(another.page.get_by_test_id("guide-older")).to_have_count(0)
    context.close()
