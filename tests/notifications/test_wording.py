"""What notices say: every template in both languages, short enough, without addresses of pages."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from notifications import wording
from notifications.template import values_in
from notifications.wording import TEMPLATES, Template

VALUES = {
    "code": "246810",
    "number": "XC20261124000123",
    "matter": "食品经营许可（仅销售预包装食品备案）新办",
    "due": "2026-12-08",
    "materials": "资金信用证明",
    "count": "3",
    "carrier": "邮政速递EMS",
    "waybill": "1234567890123",
    "limit": "答复是否受理的期限",
    "limit_en": "statutory time limit",
    "about": "西一路街道便民服务中心",
    "words": "电话已改正。",
    "until": "11-24 12:00",
    "what": "登录凭证被重复使用，可能被盗",
    "event": "Log-in token used twice, perhaps stolen",
    "tail": "8000",
    "outcome": "不同意办理",
    "outcome_en": "benefit refused",
    "result": "证件或证明",
    "result_en": "filing record",
    "about_en": "verification, about 20 working days",
}
AT = datetime(2026, 11, 24, 2, 5, tzinfo=UTC)
EXPECTED = {
    "login_code": {"code"},
    "identity_check": {"code"},
    "identity_bound": {"until", "tail"},
    "identity_bound_elsewhere": {"until", "tail"},
    "identity_tried_elsewhere": set(),
    "verification_stopped": set(),
    "phone_change_opened": {"until", "tail"},
    "phone_changed": set(),
    "accounts_joined": set(),
    "draft_ends": {"matter", "due"},
    "case_submitted": {"number", "matter"},
    "case_accepted": {"number", "matter", "due"},
    "case_deemed_accepted": {"number", "matter"},
    "supplement_requested": {"number", "matter", "count", "due"},
    "case_declined": {"number", "matter"},
    "case_withdrawn": {"number", "matter"},
    "case_deferred": {"number", "matter", "due", "materials"},
    "deferral_due": {"number", "matter", "due", "materials"},
    "deferral_again": {"number", "matter", "due", "materials"},
    "promise_checked": {"number", "matter"},
    "rectification_ordered": {"number", "matter", "about", "about_en"},
    "rectification_near": {"number", "matter", "due"},
    "rectification_over": {"number", "matter", "due"},
    "rectification_to_check": {"number", "matter", "due"},
    "rectification_checked": {"number", "matter", "about", "about_en"},
    "decision_revoked": {"number", "matter", "about", "about_en"},
    "case_granted": {"number", "matter", "outcome", "outcome_en", "result", "result_en"},
    "case_refused": {"number", "matter", "outcome", "outcome_en"},
    "result_issued": {"number", "matter", "result", "result_en"},
    "parcel_sent": {"number", "carrier", "waybill"},
    "parcel_out_for_delivery": {"number"},
    "parcel_delivered": {"number"},
    "supplement_near": {"number", "matter", "due"},
    "supplement_over": {"number", "matter", "due"},
    "papers_not_brought": {"number", "matter", "due"},
    "case_due_changed": {"number", "matter", "about", "about_en", "due"},
    "case_near_due": {"number", "matter", "limit", "limit_en", "due"},
    "case_overdue": {"number", "matter", "limit", "limit_en", "due"},
    "procedure_started": {"number", "matter", "about", "about_en"},
    "procedure_ended": {"number", "matter", "about", "about_en", "due"},
    "limit_extended": {"number", "matter", "about", "about_en", "due"},
    "case_finished": {"number", "matter", "outcome", "outcome_en"},
    "case_terminated": {"number", "matter", "about", "about_en"},
    "case_corrected": {"number", "matter", "about", "about_en"},
    "result_reissued": {"number", "matter", "about", "about_en", "result", "result_en"},
    "case_handed_over": {"number", "matter", "result", "result_en"},
    "report_settled": {"about", "words"},
    "talk_waiting": {"count"},
    "talk_promise_due": {"until"},
    "talk_promise_overdue": {"until"},
    "security_alarm": {"what", "event", "count"},
}

each = pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: f"{t.name}-{t.version}")
in_both = pytest.mark.parametrize("language", wording.LANGUAGES)


def test_every_occasion_has_a_template_that_needs_exactly_its_values() -> None:
    assert {t.name: set(t.needs) for t in TEMPLATES} == EXPECTED


def test_no_version_is_written_twice() -> None:
    assert len({(t.name, t.version) for t in TEMPLATES}) == len(TEMPLATES)


@each
@in_both
def test_an_sms_is_signed_has_no_link_and_fits_one_segment(template: Template, language: str) -> None:
    said = wording.say(template, VALUES, language, AT)
    assert said.sms.startswith("【新城服务圈】")
    assert not re.search(r"https?:|www\.|\.(com|cn)\b", said.sms)
    assert wording.units(said.sms) <= wording.ONE_SEGMENT, said.sms
    assert "{" not in said.sms + said.title + said.text


@each
def test_chinese_is_punctuated_in_full_width(template: Template) -> None:
    said = wording.say(template, VALUES, "zh", AT)
    assert not re.search(r"[,;?!()]|:(?!\d)", said.sms + said.title + said.text)


@each
def test_a_number_is_never_cut_from_an_sms_however_long_the_matter(template: Template) -> None:
    long = {**VALUES, "matter": "𠮷" * 60}
    said = wording.say(template, long, "zh", AT)
    assert all(VALUES[name] in said.sms for name in values_in(template.zh.sms) - {"at", "matter", "due"})
    if "matter" in template.needs:
        assert "𠮷" * 60 in said.text


def test_a_value_that_lacks_is_refused_and_a_surplus_one_is_not_kept() -> None:
    template = wording.latest("case_submitted")
    with pytest.raises(ValueError, match="case_submitted lacks matter, number"):
        wording.needed(template, {"count": 1})
    given = {"number": 7, "matter": "备案", "due": None, "count": 3}
    assert wording.needed(template, given) == {"number": "7", "matter": "备案"}


def test_a_day_is_written_as_people_write_it_and_left_out_where_there_is_none() -> None:
    accepted, values = wording.latest("case_accepted"), {"number": "N1", "matter": "备案", "due": "2026-12-08"}
    assert (
        wording.say(accepted, values, "zh", AT).sms
        == "【新城服务圈】您的“备案”已受理，办件号N1，最迟2026年12月8日办结。"
    )
    assert wording.say(accepted, values, "en", AT).sms == "【新城服务圈】备案: accepted, due 2026-12-08, case N1."
    assert wording.say(accepted, {**values, "due": ""}, "zh", AT).sms == "【新城服务圈】您的“备案”已受理，办件号N1。"


def test_the_same_news_twice_is_not_the_same_sms_because_carriers_refuse_the_third() -> None:
    waiting = wording.latest("talk_waiting")
    assert (
        wording.say(waiting, {"count": "1"}, "zh", AT).sms == "【新城服务圈】您的咨询在10:05有1条新消息，请登录后查看。"
    )
    later = wording.say(waiting, {"count": "1"}, "zh", AT + timedelta(minutes=1))
    assert "10:06" in later.sms


def test_braces_in_a_value_are_only_text() -> None:
    said = wording.say(wording.latest("case_submitted"), {"number": "{code}", "matter": "[{0.__class__}]"}, "zh", AT)
    assert "{code}" in said.text
    assert "[{0.__class__}]" in said.text


def test_an_unknown_template_is_an_error_of_the_caller() -> None:
    with pytest.raises(KeyError, match="case_eaten"):
        wording.latest("case_eaten")


def test_an_old_version_can_still_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    old = wording.latest("talk_waiting")
    new = Template("talk_waiting", 2, wording.Words("新{count}", "新", "新{count}"), old.en)
    monkeypatch.setattr(wording, "TEMPLATES", (*TEMPLATES, new))
    assert wording.latest("talk_waiting").version == 2
    assert wording.version_of("talk_waiting", 1) == old
