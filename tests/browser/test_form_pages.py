"""A form as a citizen fills it in on a phone: drawn from its description, with conditions and rows."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.test_whole_way import log_in

pytestmark = pytest.mark.browser
AID, HAIR, INSURANCE = "XC-行政给付-002", "XC-行政许可-007", "XC-公共服务-004"
ID_NUMBER = "610102194303050022"
CHILD_NUMBER = "610102200802020029"


def apply(phone: Any, site: Any, number: str) -> None:
    phone.at("guide-apply").click()
    log_in(phone, site, number)
    phone.at("draft-section").wait_for()


def section(phone: Any, title: str) -> None:
    expect(phone.at("draft-section")).to_have_text(title)


def test_a_form_with_rows_and_conditions_is_filled_in_from_the_guide(phone: Any, site: Any) -> None:
    phone.go(f"/#/matters/{AID}")
    phone.at("ask-household").get_by_text("一家人").click()
    expect(phone.at("guide-notes")).to_contain_text("由家庭成员里一个人申请")
    phone.at("ask-work").get_by_text("没有").click()
    expect(phone.at("guide-bring")).not_to_contain_text("收入、财产证明")
    phone.at("ask-work").get_by_text("有人上班").click()
    phone.shot("aid-guide")
    apply(phone, site, "13800138001")

    section(phone, "谁来办")
    expect(phone.at("draft-situation")).to_contain_text("一家人、有人上班")
    expect(phone.page.get_by_test_id("draft-credit-code")).to_have_count(0)
    phone.at("draft-name").fill("王小明")
    phone.at("draft-id-number").fill("610102194303050021")
    phone.at("draft-next").click()
    expect(phone.page.get_by_text("有一位写错了")).to_be_visible()
    phone.at("draft-id-number").fill(ID_NUMBER)
    phone.at("draft-next").click()
    expect(phone.page.get_by_text("请填写现在住的地址。")).to_be_visible()
    phone.at("draft-address").fill("西安市新城区韩森寨街道")
    phone.at("draft-next").click()

    section(phone, "一起生活的人")
    phone.at("draft-members-0-name").fill("王小明")
    phone.at("draft-members-0-relation-self").check()
    phone.at("draft-members-0-id-number").fill(ID_NUMBER)
    expect(phone.page.get_by_test_id("draft-members-0-income")).to_have_count(0)
    phone.at("draft-members-0-work-casual").check()
    phone.at("draft-members-0-income").fill("很多")
    phone.at("draft-next").click()
    expect(phone.page.get_by_text("请填数字，最多两位小数。")).to_be_in_viewport()
    expect(phone.at("draft-members-0-income")).to_be_focused()
    phone.shot("form-wrong-in-a-row")
    phone.at("draft-members-0-income").fill("900")
    phone.at("draft-members-add").click()
    phone.at("draft-next").click()
    expect(phone.page.get_by_text("请填写姓名。")).to_be_visible()
    phone.at("draft-members-1-name").fill("王小小")
    phone.at("draft-members-1-relation-child").check()
    phone.at("draft-members-1-id-number").fill(CHILD_NUMBER)
    phone.at("draft-members-1-work-student").check()
    phone.page.screenshot(path="tests/shots/phone-form-rows.png", full_page=True)
    phone.at("draft-members-add").click()
    phone.at("draft-members-2-remove").click()
    expect(phone.page.get_by_test_id("draft-members-2-name")).to_have_count(0)
    phone.at("draft-next").click()

    section(phone, "家里的财产")
    phone.at("draft-home-rented").check()
    phone.at("draft-rent").fill("500")
    phone.at("draft-car-no").check()
    expect(phone.page.get_by_test_id("draft-car-number")).to_have_count(0)
    phone.at("draft-savings").fill("1200")
    phone.at("draft-next").click()
    section(phone, "为什么申请")
    expect(phone.at("draft-saved")).to_have_text("已保存")

    phone.page.reload()
    section(phone, "为什么申请")
    phone.go(f"{phone.page.url.removeprefix(phone.base).split('?')[0]}?step=check")
    expect(phone.page.get_by_test_id("check-section").nth(1)).to_contain_text("打零工")
    expect(phone.page.get_by_test_id("check-section").nth(1)).to_contain_text("王小小")
    expect(phone.at("draft-missing")).to_contain_text("请填写家里的困难。")
    phone.page.screenshot(path="tests/shots/phone-form-check.png", full_page=True)
    assert [fault for fault in phone.faults if "422" not in fault] == []  # what was wrong was told


def test_another_situation_in_the_draft_makes_another_form_and_list(phone: Any, site: Any) -> None:
    phone.go(f"/#/matters/{HAIR}")
    phone.at("ask-venue").get_by_text("书店、博物馆").click()
    expect(phone.at("note-stop")).to_contain_text("不用办许可")
    phone.shot("guide-stop")
    phone.at("ask-venue").get_by_text("理发、美容店").click()
    phone.at("situation-more").click()
    phone.at("ask-procedure").get_by_text("按一般程序").click()
    expect(phone.at("guide-limits")).to_contain_text("20 个工作日")
    expect(phone.at("guide-limits")).to_contain_text("没有规定")
    expect(phone.at("guide-bring")).not_to_contain_text("告知承诺书")
    apply(phone, site, "13800138002")
    phone.at("draft-situation").locator("summary").first.click()
    phone.page.screenshot(path="tests/shots/phone-draft-situation.png", full_page=True)
    phone.at("ask-venue").get_by_text("宾馆、旅店").click()
    expect(phone.at("draft-situation")).to_contain_text("宾馆、旅店、")
    phone.at("ask-applicant").get_by_text("公司、单位").click()
    phone.at("draft-credit-code").wait_for()
    phone.go(f"{phone.page.url.removeprefix(phone.base).split('?')[0]}?step=place")
    phone.at("draft-beds").wait_for()
    assert phone.faults == []


def test_a_filled_in_sample_can_be_seen_beforehand(phone: Any) -> None:
    phone.go(f"/#/matters/{INSURANCE}")
    phone.at("guide-sample").click()
    expect(phone.page.get_by_test_id("sample-section").nth(1)).to_contain_text("张小示")
    expect(phone.at("sample-unverified")).to_be_visible()
    phone.page.screenshot(path="tests/shots/phone-sample.png", full_page=True)
    assert phone.faults == []
