"""A draft on a phone whose matter gets a newer version: what differs is said, and one goes on or moves."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.test_form_pages import apply
from tests.matters.starter import RECORDS
from tests.serving import Caller, Served, log_in_staff
from tests.way import FOOD, new_version

pytestmark = pytest.mark.browser
STARTED = [{**row, "key": f"m{number}"} for number, row in enumerate(RECORDS[0]["materials"], 1)]
REPORT = {**STARTED[4], "key": "m6", "name": "食品检验报告", "deferrable": False}


def admin(site: Served) -> Caller:
    return Caller(site.base, log_in_staff(site, "admin").token)


def test_a_newer_version_is_told_on_the_draft_and_one_goes_on_or_moves(phone: Any, site: Served) -> None:
    phone.go(f"/#/matters/{FOOD}")
    apply(phone, site, "13800138031")
    phone.at("draft-name").fill("王小明")
    phone.at("draft-id-number").click()  # leaving the name keeps it
    expect(phone.at("draft-saved")).to_have_text("已保存")
    short = [{**step, "days": min(step["days"], 4)} for step in RECORDS[0]["steps"]]
    new_version(admin(site), materials=[*STARTED[:4], REPORT], promised_days=8, steps=short)

    phone.page.reload()
    newer = phone.at("draft-newer")
    expect(newer).to_contain_text("承诺时限由“10 个工作日”改为“8 个工作日”。")
    expect(newer).to_contain_text("要多交一样：“食品检验报告”。")
    phone.shot("draft-newer")
    phone.at("draft-stay").click()
    expect(phone.at("draft-stays")).to_contain_text("按第 1 版办")
    phone.shot("draft-stays")

    phone.at("draft-stays").get_by_role("button").click()
    phone.at("draft-move").click()
    expect(phone.page.get_by_test_id("draft-newer")).to_have_count(0)
    expect(phone.at("draft-name")).to_have_value("王小明")
    phone.page.reload()
    expect(phone.at("draft-name")).to_have_value("王小明")
    expect(phone.page.get_by_test_id("draft-newer")).to_have_count(0)
    phone.shot("draft-moved")
    assert phone.faults == []


def test_an_end_is_told_ahead(phone: Any, site: Served) -> None:
    hair = "XC-行政许可-007"
    phone.go(f"/#/matters/{hair}")
    apply(phone, site, "13800138032")
    new_version(admin(site), hair, valid_until="2099-01-01", faq=[{"q": "何时停办？", "a": "2099 年。"}])
    phone.page.reload()
    phone.at("draft-stay").click()
    phone.at("draft-stays").get_by_role("button").click()
    phone.at("draft-move").click()
    expect(phone.at("draft-until")).to_contain_text("最晚要在 2098 年 12 月 31 日提交")
    phone.shot("draft-until")
