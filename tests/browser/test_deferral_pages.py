"""A draft on a phone whose matter says how materials may follow: the choice has its text, and is taken back."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.test_draft_version import admin
from tests.browser.test_form_pages import apply
from tests.drafts.test_choices import BANK, CAFE, DEFERRAL
from tests.serving import Served
from tests.way import new_version

pytestmark = pytest.mark.browser


def test_what_follows_later_is_chosen_with_its_text_and_taken_back(phone: Any, site: Served) -> None:
    new_version(admin(site), CAFE, deferral=DEFERRAL)
    phone.go(f"/#/matters/{CAFE}")
    apply(phone, site, "13800138077")
    phone.page.evaluate(f"location.hash = location.hash.split('?')[0] + '?step={BANK}'")
    phone.page.reload()
    phone.at("defer").locator("summary").click()
    expect(phone.at("defer-text")).to_contain_text(DEFERRAL["text"]["zh"])
    expect(phone.at("defer-choose")).to_be_disabled()
    phone.shot("defer-offer")
    phone.at("defer-agree").check()
    phone.at("defer-choose").click()
    expect(phone.at("defer-chosen")).to_contain_text("受理后 5 个工作日内交来")
    phone.shot("defer-chosen")
    phone.at("defer-back").click()
    expect(phone.at("defer")).to_be_visible()
