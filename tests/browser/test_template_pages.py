"""Templates of acts and photographs of a survey in the console: kept, filled in, edited, sent; taken, removed, seen."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SCREEN
from tests.browser.test_deed_pages import photo
from tests.files.papers import pdf
from tests.serving import Caller, Served, drain_of, log_in_citizen, log_in_staff
from tests.way import act, submitted

pytestmark = pytest.mark.browser
TEXT = "申请的场所和材料不符。"


@pytest.fixture
def case(site: Served, request: pytest.FixtureRequest) -> Any:
    """A case that the window has accepted, of a citizen of its own per test."""
    number = "13800138055" if "template" in request.node.name else "13800138056"
    citizen = Caller(site.base, log_in_citizen(site, number).token)
    window = Caller(site.base, log_in_staff(site, "window").token)
    return act(window, submitted(citizen, drain_of(site)), "accept")


def keep_template(admin: Any) -> None:
    """The administrator of the department adds a refusal; what no case can fill in is refused in words first."""
    admin.at("rail-templates").click()
    admin.at("template-new").click()
    admin.at("template-outcome").select_option("refuse")
    admin.at("template-name").fill("场所不符")
    admin.at("template-text").fill("{telephone}" + TEXT)
    admin.at("template-remedies").fill("整改后可以重新申请。")
    admin.at("template-grounds").fill("《食品安全法》第三十三条")
    admin.at("act-submit").click()
    expect(admin.at("act-trouble")).to_contain_text("没有这样的填写项：{telephone}")
    admin.at("template-text").fill("，" + TEXT)
    admin.at("template-text").press("Home")
    admin.at("template-field-applicant").click()
    expect(admin.at("template-example")).to_contain_text("张三，" + TEXT)
    admin.shot("template-form")
    admin.at("act-submit").click()
    expect(admin.at("template-row")).to_contain_text("场所不符")
    admin.shot("templates")


def test_a_template_is_kept_filled_in_edited_and_named_by_the_act(case: Any, screens: Any) -> None:
    keep_template(admin := screens("admin"))
    handler = screens("handler")
    handler.go(f"/staff#/cases/{case['number']}?queue=all")
    handler.at("act-decide").click()
    handler.at("act-kind-grant").check()
    expect(handler.at("template-choose")).to_have_count(0)  # the refusal is not offered while a grant is chosen
    handler.at("act-kind-refuse").check()
    handler.at("template-choose").select_option(label="场所不符（不同意）")
    handler.at("act-kind-grant").check()
    expect(handler.at("template-other")).to_be_visible()
    handler.shot("template-other")
    handler.at("act-submit").click()
    expect(handler.at("act-trouble")).to_contain_text("这条用语和所选的决定不一致")
    handler.at("act-kind-refuse").check()
    expect(handler.at("template-other")).to_have_count(0)
    expect(handler.at("act-text")).to_have_value("王小明，" + TEXT + "\n整改后可以重新申请。")
    expect(handler.at("act-ground")).to_have_value("")
    expect(handler.at("act-submit")).to_be_disabled()
    handler.shot("template-picked")
    handler.page.get_by_text("《食品安全法》第三十三条").click()
    handler.at("act-text").fill("王小明，" + TEXT + "请整改。")
    handler.at("act-submit").click()
    expect(handler.at("case-decision")).to_contain_text("请整改。")
    expect(handler.at("timeline-template")).to_have_text("用语：场所不符（第 1 版）")
    handler.shot("template-used")
    admin.at("template-retire").click()
    admin.page.get_by_role("button", name="停用", exact=True).last.click()
    expect(admin.page.get_by_text("还没有用语。")).to_be_visible()
    for watched in (admin, handler):
        assert [fault for fault in watched.faults if "422" not in fault] == []


def test_photographs_of_a_survey_are_taken_removed_and_seen_in_the_case(case: Any, screens: Any, site: Served) -> None:
    handler = screens("handler")
    handler.go(f"/staff#/cases/{case['number']}?queue=all")
    handler.at("act-survey").click()
    for tick in handler.page.get_by_test_id("act-officers-tick").all()[:2]:
        tick.check()
    handler.at("act-result-met").check()
    handler.at("act-text").fill("设施和申请的一样。")
    handler.at("upload-input").set_input_files([photo(), {**photo(), "name": "门面.jpg"}])
    handler.page.get_by_test_id("upload-done").nth(1).wait_for()
    handler.at("upload-input").set_input_files(
        {"name": "说明.txt", "mimeType": "text/plain", "buffer": b"not a picture"}
    )
    refused = handler.page.locator('[data-test="upload-running"] [role="alert"]')
    expect(refused).not_to_be_empty()
    expect(handler.at("act-submit")).to_be_disabled()
    handler.at("act-files").scroll_into_view_if_needed()
    handler.shot("survey-form")
    handler.page.set_viewport_size({"width": 390, "height": 844})
    handler.at("act-files").scroll_into_view_if_needed()
    handler.shot("survey-form-phone")
    handler.page.set_viewport_size(SCREEN["viewport"])
    handler.page.locator('[data-test="upload-running"] button').last.click()
    handler.at("upload-input").set_input_files({"name": "说明.pdf", "mimeType": "application/pdf", "buffer": pdf()})
    expect(refused).to_have_text("这里只收图片，请换一个。")
    handler.page.locator('[data-test="upload-running"] button').last.click()
    handler.at("upload-remove").click()
    expect(handler.page.get_by_test_id("upload-done")).to_have_count(1)
    handler.at("act-submit").click()
    expect(handler.page.locator('[data-test="survey-photos"] img')).to_have_count(1)
    handler.at("case-surveys").scroll_into_view_if_needed()
    handler.shot("survey-seen")
    assert handler.faults == []
