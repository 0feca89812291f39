"""The catalogue in the console: a matter is found, drafted, looked through, mended and published; citizens see it."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Watched

pytestmark = pytest.mark.browser
CODE = "XC-行政许可-001"


def opened(screen, code=CODE):
    screen.at("rail-catalogue").click()
    screen.at("matters-find").fill(code)
    screen.page.locator(f'[data-test="matter-row"][data-code="{code}"]').click()
    screen.at("matter-pane").wait_for()
    screen.at("version-1").wait_for()


def test_a_new_version_is_drafted_checked_mended_and_published(screens, chromium, site):
    admin = screens("admin")
    admin.at("rail-catalogue").click()
    admin.at("matter-row").wait_for()
    expect(admin.page.get_by_test_id("matter-row")).to_have_count(74)
    admin.shot("catalogue")
    admin.at("matters-state").select_option("wrong")
    expect(admin.page.get_by_test_id("matter-row")).to_have_count(4)
    admin.at("matters-state").select_option("")
    opened(admin)
    admin.at("matter-authored").wait_for()
    admin.shot("starter-version")

    admin.at("matter-draft").click()
    admin.at("version-2").wait_for()
    admin.at("entry-name").fill("食品经营许可（餐饮服务）新办")
    admin.at("entry-visits").evaluate("field => field.closest('details').open = true")
    admin.at("entry-visits").fill("1")
    admin.at("confirm-visits").click()
    admin.shot("draft")
    admin.at("matter-publish").click()
    broken = admin.page.get_by_test_id("check-broken")
    expect(broken).to_have_count(1)
    expect(broken).to_contain_text("到现场次数应为 0")
    admin.shot("check-list")

    admin.at("matter-tab-entry").click()
    admin.at("entry-visits").evaluate("field => field.closest('details').open = true")
    admin.at("entry-visits").fill("0")
    admin.at("matter-save").click()
    admin.at("matter-tab-differences").click()
    expect(admin.page.locator('[data-test="difference"][data-field="name"]')).to_contain_text("（餐饮服务）")
    expect(admin.page.locator('[data-test="difference"][data-field="visits"]')).to_have_count(0)
    admin.shot("differences")
    admin.at("matter-publish").click()
    admin.page.locator(".van-dialog__confirm").click()
    expect(admin.at("version-2")).to_contain_text("现行")
    expect(admin.at("version-1")).to_contain_text("已替换")
    admin.shot("published")
    assert [fault for fault in admin.faults if "403" not in fault] == []  # the rail counts queues that are not its own

    context = chromium.new_context(locale="zh-CN", **PHONE)
    phone = Watched(context, site.base, "phone-published")
    phone.go(f"/#/matters/{CODE}")
    expect(phone.page.get_by_text("食品经营许可（餐饮服务）新办").first).to_be_visible()
    context.close()


def test_the_window_looks_into_the_catalogue_and_changes_nothing(screens):
    window = screens("window")
    opened(window, "XC-行政许可-002")
    expect(window.page.get_by_test_id("matter-draft")).to_have_count(0)
    assert window.at("entry-name").get_attribute("readonly") is not None
    window.at("staff-en").click()
    expect(window.at("rail-catalogue")).to_contain_text("Catalogue")
    window.at("matter-tab-check").click()
    expect(window.page.get_by_test_id("check-holds").first).to_contain_text("basic elements")
    window.shot("catalogue-en")


def test_an_administrator_edits_what_a_guide_asks_and_sees_what_is_wrong_and_what_comes_of_it(screens, chromium, site):
    admin = screens("admin")
    opened(admin, "XC-公共服务-003")
    admin.at("matter-draft").click()
    admin.at("version-2").wait_for()
    admin.at("matter-tab-situation").click()
    expect(admin.at("own-none")).to_contain_text("用系统自带的")
    admin.at("own-copy").click()
    admin.at("matter-save").click()
    expect(admin.page.get_by_text("检查过，没有问题。")).to_be_visible()
    admin.shot("situation")

    text = admin.at("own-situation").input_value()
    admin.at("own-situation").fill(text.replace('"rules": [', '"rules": [,', 1))
    expect(admin.at("own-troubles")).to_contain_text("这不是 JSON")
    rule = '{"when": {"colour": "red"}, "note": {"zh": "红的要另办。", "en": "Red ones apply elsewhere."}},'
    admin.at("own-situation").fill(text.replace('"rules": [', f'"rules": [\n  {rule}', 1))
    admin.at("matter-save").click()
    expect(admin.at("own-troubles")).to_contain_text("rules.0.when：colour 不是这个事项的问题")
    admin.at("own-troubles").get_by_role("button").click()
    admin.shot("situation-wrong")

    question = '{"key": "colour", "zh": "要什么颜色的？", "en": "Which colour?", "options": '
    question += '[{"value": "red", "zh": "红的", "en": "Red"}, {"value": "blue", "zh": "蓝的", "en": "Blue"}]},'
    both = text.replace('"rules": [', f'"rules": [\n  {rule}', 1).replace(
        '"questions": [', f'"questions": [\n  {question}', 1
    )
    admin.at("own-situation").fill(both)
    admin.at("matter-save").click()
    admin.at("preview-colour").select_option("red")
    expect(admin.at("own-preview")).to_contain_text("红的要另办。")
    admin.shot("situation-preview")
    told = json.dumps({"code": "X", "version": 9, "name": "老年人优待证（新）"}).encode()
    admin.at("matter-import").set_input_files({"name": "a.json", "mimeType": "application/json", "buffer": told})
    expect(admin.page.get_by_text("改了 1 处，还没保存")).to_be_visible()
    admin.at("matter-tab-form").click()
    admin.at("own-copy").click()
    admin.at("matter-publish").click()
    admin.page.locator(".van-dialog__confirm").click()
    expect(admin.at("version-2")).to_contain_text("现行")

    with admin.page.expect_download() as download:
        admin.at("matter-export").click()
    assert '"colour"' in download.value.path().read_text()
    context = chromium.new_context(locale="zh-CN", **PHONE)
    phone = Watched(context, site.base, "phone-own")
    phone.go("/#/matters/XC-公共服务-003")
    phone.at("ask-colour").get_by_text("红的").click()
    expect(phone.at("guide-notes")).to_contain_text("红的要另办。")
    expect(phone.page.get_by_text("老年人优待证（新）").first).to_be_visible()
    context.close()
