"""A matter that says how materials may follow: the choice on a phone, what followed at the officer's screen."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.test_draft_version import admin
from tests.browser.test_form_pages import apply
from tests.cases.test_deferral import bring, complete
from tests.drafts.test_choices import BANK, CAFE, DEFERRAL
from tests.serving import Caller, Served, drain_of, log_in_citizen, log_in_staff
from tests.way import act, new_version

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", autouse=True)
def published(site: Served) -> None:
    """A version whose materials may follow."""
    new_version(admin(site), CAFE, deferral=DEFERRAL)


def test_what_follows_later_is_chosen_with_its_text_and_taken_back(phone: Any, site: Served) -> None:
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


def test_what_followed_alone_is_asked_for_again(screens: Any, site: Served) -> None:
    citizen, drain = Caller(site.base, log_in_citizen(site, "13800138078").token), drain_of(site)
    window = Caller(site.base, log_in_staff(site, "window").token)
    case = citizen.post(f"/v1/drafts/{complete(citizen, drain)['id']}/submit")["case"]
    case = bring(citizen, act(window, case, "defer"), BANK, drain=drain)
    handler = screens("handler")
    handler.go(f"/staff#/cases/{case['number']}?queue=all")
    expect(handler.at("case-deferral")).to_have_attribute("data-state", "brought")
    handler.at("act-request_supplement").click()
    expect(handler.page.get_by_test_id("supplement-tick")).to_have_count(1)
    expect(handler.at("supplement-rule")).to_contain_text("仍在原来的期限内补来")
    expect(handler.page.get_by_test_id("act-days")).to_have_count(0)
    handler.at("supplement-tick").check()
    handler.at("supplement-why").fill("公章看不清")
    handler.shot("again")
    handler.at("act-submit").click()
    expect(handler.at("case-deferral")).to_have_attribute("data-state", "open")
    expect(handler.at("case-deferral")).to_contain_text("公章看不清")
    handler.shot("deferred")
    assert not handler.faults, handler.faults
