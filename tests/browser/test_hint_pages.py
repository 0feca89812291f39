"""A second application on a phone: what the first one said is taken over by taps, and the open case is named."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.test_whole_way import ID_NUMBER, apply_online

pytestmark = pytest.mark.browser
FOOD = "XC-行政许可-001"


def test_a_second_application_takes_over_by_taps_and_names_the_open_case(phone: Any, site: Any) -> None:
    phone.go(f"/#/matters/{FOOD}")
    number = apply_online(phone, site)
    expect(phone.at("case-read-out").locator("span")).to_have_count(5)
    assert "".join(phone.at("case-read-out").locator("span").all_inner_texts()) == number.replace("-", "")
    phone.shot("read-out")
    phone.go(f"/#/matters/{FOOD}")
    phone.at("guide-apply").click()
    phone.at("draft-section").wait_for()
    expect(phone.at("draft-name")).to_have_value("")
    expect(phone.at("draft-id-number-offer")).to_contain_text("610102********0022")
    phone.shot("offers")
    phone.at("draft-id-number-offer").click()
    expect(phone.at("draft-id-number")).to_have_value("610102********0022")
    phone.at("draft-name-offer").click()
    expect(phone.at("draft-name")).to_have_value("王小明")
    phone.page.reload()
    expect(phone.at("draft-id-number")).to_have_value("610102********0022")
    assert ID_NUMBER not in phone.page.content()
    phone.page.goto(f"{phone.page.url.partition('?')[0]}?step=check")
    expect(phone.at("draft-open-cases")).to_contain_text(number)
    expect(phone.at("draft-kept")).to_contain_text("还有 30 天")
    phone.shot("same-matter")
    phone.go("/#/me")
    expect(phone.at("draft-line-kept")).to_contain_text("草稿保留到")
    phone.shot("my-drafts")


def test_the_receipts_link_opens_the_look_up_and_a_slip_is_told(phone: Any) -> None:
    phone.go("/#/lookup?number=XC261130-001-0001-18")
    expect(phone.at("lookup-number")).to_have_value("XC261130-001-0001-18")
    phone.at("lookup-code").fill("00000000")
    phone.at("lookup-submit").click()
    expect(phone.page.get_by_role("alert")).to_contain_text("抄错了一处")
    phone.shot("slip")
