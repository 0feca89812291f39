"""Checks whether a draft can be submitted: what is missing of its form, materials, delivery, mandate or version."""

from collections.abc import Callable, Container
from datetime import datetime

from api.drafts.draft import Missing, missing
from api.drafts.open_draft import OpenDraft
from api.identity.mandates.mandate import COMPANY
from api.identity.names_and_numbers import credit_code, identity_number
from api.matters import form as forms

Index = Callable[[str, str], str]
"""The blind index of a number, by its kind."""


def gaps(draft: OpenDraft, *, accepted: Container[str], index: Index, now: datetime) -> list[Missing]:
    """Everything that must still be done, in the order of the page; empty if the draft can be submitted.

    That includes moving it, if its version of the matter is no longer accepted (`matters.version.taken_until`).
    `accepted` are the uploads that passed their check; `index` makes the blind index of a number.
    """
    form, known = draft.edition.form, draft.edition.known
    counted = forms.handed_in(form, draft.answers, known)
    passed = forms.wrong(form, counted, now)  # e.g. a date that lay ahead when it was filled in
    filled = forms.fills(form, draft.matter.materials)
    incomplete = missing(
        {**forms.missing(form, draft.answers, known), **passed},
        draft.record.materials,
        draft.delivery,
        tuple(paper for paper in draft.edition.papers if paper.key not in filled),
        lambda upload: upload in accepted,
    )
    return [*_version_ended(draft), *incomplete, *_wrong_principal(draft, index, now)]


def _version_ended(draft: OpenDraft) -> list[Missing]:
    if draft.is_taken:
        return []
    why = "您起草时的那一版已经停用，请先改用新版。" if draft.newer else "这个事项已经停办，不能再提交。"
    return [Missing(why, field="matter")]


def _wrong_principal(draft: OpenDraft, index: Index, now: datetime) -> list[Missing]:
    """What is missing if the applicant in the form is not the principal of the mandate (compared by number)."""
    if draft.principal is None:
        return []
    if draft.principal["kind"] == COMPANY:
        return _wrong_company(draft, index)
    number = draft.answers.get("id_number")
    if not number or index("id_number", identity_number(number, now)) == draft.principal["index"]:
        return []
    return [Missing("请填写委托人本人的身份证号。", field="id_number")]


def _wrong_company(draft: OpenDraft, index: Index) -> list[Missing]:
    assert draft.principal is not None
    if draft.edition.known["applicant"] != "company":
        chosen, closed = "委托人是单位，请在“您的情况”里选公司、单位。", "委托人是单位，这件事只能由个人申请。"
        return [Missing(chosen if draft.for_companies else closed, field="situation")]
    code = draft.answers.get("credit_code")
    if not code or index("credit_code", credit_code(code)) == draft.principal["index"]:
        return []
    return [Missing("请填写委托单位的统一社会信用代码。", field="credit_code")]
