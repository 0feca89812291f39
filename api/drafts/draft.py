"""The rules of a draft: its fields, its refusals, and what is missing before it can be submitted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from api.refusals import Refusal

DELIVERY_FIELDS = {"name": "收件人", "phone": "收件电话", "address": "收件地址"}
MOST_FILES = 20


@dataclass(frozen=True)
class MatterVersion:
    """The version of a matter that applies to a draft or a case, with its name in that version."""

    code: str
    name: str
    version: int


@dataclass(frozen=True)
class Draft:
    """A draft as it is stored: `answers`, `situation` and `delivery` are sealed (encrypted).

    `materials` are upload ids by material; `case` is the number of the case that it became, `talk` the id of the
    conversation that it was begun in; `moved` says what did not fit when it was moved to a newer version.
    """

    id: str
    version: int
    owner: str
    matter: MatterVersion
    answers: str
    situation: str | None
    delivery: str | None
    materials: dict[str, list[str]]
    case: str | None
    mandate: str | None
    talk: str | None
    moved: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime


class DraftSubmitted(Refusal):
    """The draft was submitted already; it becomes one case at most, and is not changed afterwards."""

    code = "draft_submitted"
    zh = "这份申请已经提交，请到“我的办件”查看。"
    en = "This draft has been submitted. See it under your cases."


class NotComplete(Refusal):
    """The draft cannot be submitted yet; `errors` says what is missing, by field or material."""

    code = "draft_incomplete"
    zh = "还有内容没有填完，请补上再提交。"
    en = "Something is missing. Complete it, then submit."


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
    """One thing to do before submitting: a field or a material, and why."""

    why: str
    field: str | None = None
    material: str | None = None


def uploads(materials: Mapping[str, list[str]]) -> list[str]:
    """The ids of all uploads that are bound to any material, sorted, without repeats."""
    return sorted({upload for bound in materials.values() for upload in bound})


def missing(
    form: Mapping[str, list[str]],
    bound: Mapping[str, list[str]],
    delivery: Mapping[str, Any] | None,
    materials: tuple[MaterialLike, ...],
    usable: Callable[[str], bool],
) -> list[Missing]:
    """What must still be done, fields of the form first, then materials.

    `usable(upload)` says whether an upload was accepted. A material is not asked for if it is not required, if the
    state already holds it, or if it may follow later (国办发〔2022〕32号; 容缺受理).
    """
    gaps = [Missing(why, field=key) for key, reasons in form.items() for why in reasons]
    for material in materials:
        uploads = bound.get(material.key, [])
        if not all(usable(upload) for upload in uploads):
            gaps.append(Missing(f"“{material.name}”还在上传或检查，或没有通过检查。", material=material.key))
        elif not uploads and material.required and not material.deferrable and not material.held_by_state:
            gaps.append(Missing(f"请上传“{material.name}”。", material=material.key))
    if delivery is None:
        gaps.append(Missing("请选择怎样领取结果。", field="delivery"))
    elif delivery["way"] == "courier":
        gaps += [
            Missing(f"请填写{label}。", field=f"delivery.{key}")
            for key, label in DELIVERY_FIELDS.items()
            if not delivery.get(key)
        ]
    return gaps
