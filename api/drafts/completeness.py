"""Checks whether a draft can be submitted: what is missing of its form, materials, delivery, mandate or version."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from api.drafts.draft import CONSENT
from api.drafts.open_draft import OpenDraft
from api.identity.mandates.mandate import COMPANY
from api.identity.names_and_numbers import credit_code, identity_number
from api.matters import form as forms
from api.matters.agreement import disagreements
from api.refusals import Reason

DELIVERY_FIELDS = {
    "name": Reason("请填写收件人。", "Give the receiver."),
    "phone": Reason("请填写收件电话。", "Give the receiver's telephone number."),
    "address": Reason("请填写收件地址。", "Give the receiver's address."),
}
"""What a courier must know, and how it is asked for."""

LATER = Reason("现在没有的，可以选择后补（容缺受理）。", "What is not at hand may follow later: choose so.")
ALL_NOW = Reason(
    "容缺受理的期限还没有公布，现在要一次交齐。",
    "Within how many days it may follow is not published yet: hand it in now.",
)

Index = Callable[[str, str], str]
"""The blind index of a number, by its kind."""


class MaterialLike(Protocol):
    """What a draft needs to know of a matter's material."""

    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def required(self) -> bool: ...
    @property
    def deferrable(self) -> bool: ...
    @property
    def held_by_state(self) -> bool: ...


@dataclass(frozen=True)
class Missing:
    """One thing to do before submitting: a field or a material, and why (a `Reason` where its English is its own)."""

    why: str
    field: str | None = None
    material: str | None = None


def gaps(
    draft: OpenDraft, *, accepted: Container[str], not_asked: Container[str], index: Index, now: datetime
) -> list[Missing]:
    """Everything that must still be done, in the order of the page; empty if the draft can be submitted.

    That includes moving it, if its version of the matter is no longer accepted (`matters.version.taken_until`).
    `accepted` are the uploads that passed their check; `not_asked` the materials that need not be there (choices.py);
    `index` makes the blind index of a number.
    """
    form, known = draft.edition.form, draft.edition.known
    counted = forms.handed_in(form, draft.answers, known)
    passed = forms.wrong(form, counted, now)  # e.g. a date that lay ahead when it was filled in
    filled = forms.fills(form, draft.matter.materials)
    incomplete = missing(
        {**forms.missing(form, draft.answers, known), **disagreements(form, draft.answers, known), **passed},
        draft.record.materials,
        draft.delivery,
        tuple(paper for paper in draft.edition.papers if paper.key not in filled and paper.key not in not_asked),
        lambda upload: upload in accepted,
        LATER if draft.edition.matter.deferral else ALL_NOW,
    )
    return [*_version_ended(draft), *_unaidable(draft, accepted), *incomplete, *_wrong_principal(draft, index, now)]


def _unaidable(draft: OpenDraft, accepted: Container[str]) -> list[Missing]:
    """What is missing of a draft that an officer fills in: a person, and the consent that this person signed."""
    if draft.record.aided is None:
        return []
    scanned = draft.record.materials.get(CONSENT, [])
    is_signed = bool(scanned) and all(upload in accepted for upload in scanned)
    no_consent = [] if is_signed else [Missing("请扫描上传申请人签名的同意书。", material=CONSENT)]
    is_company = draft.edition.known.get("applicant") == "company"
    return [*no_consent, *([Missing("在窗口只替个人填写。", field="situation")] if is_company else [])]


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


def missing(
    form: Mapping[str, list[str]],
    bound: Mapping[str, list[str]],
    delivery: Mapping[str, Any] | None,
    materials: tuple[MaterialLike, ...],
    usable: Callable[[str], bool],
    later: Reason = ALL_NOW,
) -> list[Missing]:
    """What must still be done, fields of the form first, then materials.

    `usable(upload)` says whether an upload was accepted. A material is not asked for if it is not required, or if the
    state already holds it. One that may follow later (容缺) is asked for as any other, unless the applicant chose so;
    `later` says how.
    """
    gaps = [Missing(why, field=key) for key, reasons in form.items() for why in reasons]
    for material in materials:
        uploads = bound.get(material.key, [])
        if not all(usable(upload) for upload in uploads):
            gaps.append(Missing(f"“{material.name}”还在上传或检查，或没有通过检查。", material=material.key))
        elif not uploads and material.required and not material.held_by_state:
            gaps.append(Missing(_please_upload(material, later), material=material.key))
    if delivery is None:
        gaps.append(Missing("请选择怎样领取结果。", field="delivery"))
    elif delivery["way"] == "courier":
        gaps += [
            Missing(why, field=f"delivery.{key}")
            for key, why in DELIVERY_FIELDS.items()
            if forms.is_blank(delivery.get(key) or "")
        ]
    return gaps


def _please_upload(material: MaterialLike, later: Reason) -> Reason:
    please = Reason(f"请上传“{material.name}”。", f'Upload "{material.name}".')
    return Reason(f"{please}{later}", f"{please.en} {later.en}") if material.deferrable else please
