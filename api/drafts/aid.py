"""The rules of a draft that an officer fills in at a window for somebody without a phone: who may, which consent."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from api.drafts.draft import CONSENT, Draft
from api.drafts.open_draft import OpenDraft
from api.identity.actor import Actor
from api.identity.names_and_numbers import identity_number
from api.identity.sealing.keyring import Keyring
from api.refusals import BadFields, Refusal

Row = dict[str, Any]
Materials = Mapping[str, list[str]]
APPLICANT = ("applicant_name", "id_number")
"""The answers that say whom a consent is of."""


class DeskElsewhere(Refusal):
    """The officer's window takes no new cases: what they hand in would lie at another, where they do not see it."""

    code = "desk_elsewhere"
    zh = "您的窗口不收新的申请，交了以后会转到别处，您看不到。请申请人到办事大厅的窗口办。"
    en = "Your window takes no new applications: this one would lie elsewhere. Ask the applicant to go to the hall."


def check_aid(actor: Actor, new: Row) -> None:
    """An officer fills in for somebody at the window, everybody else for themselves or by a mandate. BadFields."""
    if actor.is_staff and (new["aided"] is None or new["for_"] or new["talk"]):
        raise BadFields({"aided": ["窗口只能替到场的人填写：请选申请人的语言，不用委托书，也不接着咨询填。"]})
    if not actor.is_staff and new["aided"] is not None:
        raise BadFields({"aided": ["只有窗口人员可以替到场的人填写。"]})


def without_stale_consent(draft: OpenDraft, answers: Mapping[str, Any], materials: Materials) -> dict[str, list[str]]:
    """The materials after new answers: where they name another applicant than before, the consent is asked anew."""
    is_other = any(draft.answers.get(key) and draft.answers[key] != answers.get(key) for key in APPLICANT)
    return {key: bound for key, bound in materials.items() if key != CONSENT or not is_other}


def wrong_files(materials: Materials, change: Materials, is_elsewhere: Callable[[str], bool]) -> dict[str, list[str]]:
    """What is wrong with the files of a change, by field: each is this applicant's alone, the consent nothing else.

    `materials` are those after the change; `is_elsewhere(upload)` says whether another draft or a case has it.
    """
    elsewhere = {key for key, uploads in change.items() if any(map(is_elsewhere, uploads))}
    errors = {f"materials.{key}": ["这个文件在另一份申请里，请重新扫描上传。"] for key in sorted(elsewhere)}
    others = {upload for key, uploads in materials.items() if key != CONSENT for upload in uploads}
    if others.intersection(materials.get(CONSENT, [])):
        errors[f"materials.{CONSENT}"] = ["同意书要单独扫描，不能和别的材料用同一个文件。"]
    return errors


def applicant_index(draft: OpenDraft, keys: Keyring, now: datetime) -> str | None:
    """The blind index of the applicant's number; None while none is filled in that could be one."""
    try:
        return keys.index("id_number", identity_number(draft.answers.get("id_number") or "", now))
    except ValueError:
        return None


def emptied(draft: Draft, keys: Keyring) -> Draft:
    """A submitted draft without what was filled in: from now on only the case has it, with its scope and audit."""
    answers, situation = (keys.seal_json(draft.id, field, {}) for field in ("answers", "situation"))
    kept = replace(draft, answers=answers, situation=situation, delivery=None, materials={}, taken=())
    return replace(kept, moved=None, deferral=None, promise=None)
