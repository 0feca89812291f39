"""The words of a case by the kind of its matter (事项类型): a permit is granted, a filing is filed, a benefit is paid.

One table for states, acts, notices, documents and pages. Only permits (行政许可) have the limits of the 行政许可法.
"""

import re
from dataclasses import dataclass

from api.calendar.day_words import TwoLanguages
from api.cases.life.acts import RULES, SUBMIT_LABEL

PERMIT = "permit"


@dataclass(frozen=True)
class KindWords:
    """How cases of one kind are spoken of: both decisions, what is made of a granted one, and that it lies ready."""

    granted: TwoLanguages
    refused: TwoLanguages
    result: TwoLanguages
    issued: TwoLanguages


KINDS: dict[str, KindWords] = {
    PERMIT: KindWords(
        granted=TwoLanguages("准予许可", "Permit granted"),
        refused=TwoLanguages("不予许可", "Permit refused"),
        result=TwoLanguages("证照", "licence"),
        issued=TwoLanguages("已制证", "Licence made"),
    ),
    "confirmation": KindWords(
        granted=TwoLanguages("予以确认", "Confirmed"),
        refused=TwoLanguages("不予确认", "Not confirmed"),
        result=TwoLanguages("证件或证明", "document"),
        issued=TwoLanguages("已出具", "Document made"),
    ),
    "benefit": KindWords(
        granted=TwoLanguages("同意给付", "Benefit granted"),
        refused=TwoLanguages("不予给付", "Benefit refused"),
        result=TwoLanguages("给付决定", "benefit"),
        issued=TwoLanguages("结果已办好", "Result ready"),
    ),
    "reward": KindWords(
        granted=TwoLanguages("同意奖励", "Reward granted"),
        refused=TwoLanguages("不予奖励", "Reward refused"),
        result=TwoLanguages("奖励决定", "reward"),
        issued=TwoLanguages("结果已办好", "Result ready"),
    ),
    "filing": KindWords(
        granted=TwoLanguages("予以备案", "Filed"),
        refused=TwoLanguages("不予备案", "Not filed"),
        result=TwoLanguages("备案凭证", "filing record"),
        issued=TwoLanguages("备案凭证已出", "Filing record made"),
    ),
    "other": KindWords(
        granted=TwoLanguages("同意办理", "Approved"),
        refused=TwoLanguages("不同意办理", "Not approved"),
        result=TwoLanguages("办理结果", "result"),
        issued=TwoLanguages("结果已办好", "Result ready"),
    ),
    "service": KindWords(
        granted=TwoLanguages("予以办理", "Approved"),
        refused=TwoLanguages("不予办理", "Not approved"),
        result=TwoLanguages("办理结果", "result"),
        issued=TwoLanguages("结果已办好", "Result ready"),
    ),
}

NATIONAL = {
    "行政许可": PERMIT,
    "行政确认": "confirmation",
    "行政给付": "benefit",
    "行政奖励": "reward",
    "公共服务": "service",
}
"""By 事项类型 (GB/T 39046-2020, table A.1); all others are `other`, or `filing`."""

STATES: dict[str, TwoLanguages] = {
    "submitted": TwoLanguages("待受理", "Waiting to be accepted"),
    "supplementing": TwoLanguages("待补正", "Papers missing"),
    "accepted": TwoLanguages("办理中", "In progress"),
    "handed_over": TwoLanguages("已送达", "Handed over"),
    "declined": TwoLanguages("不予受理", "Not accepted"),
    "withdrawn": TwoLanguages("已撤回", "Withdrawn"),
    "terminated": TwoLanguages("已终止办理", "Ended without a decision"),
    "revoked": TwoLanguages("决定已撤销", "Decision revoked"),
    "closed": TwoLanguages("已办结", "Closed"),
}
"""The states that are called the same whatever the kind."""

FILED = {
    "declined": TwoLanguages("未受理，已归档", "Not accepted, closed"),
    "withdrawn": TwoLanguages("申请已撤回，已归档", "Withdrawn, closed"),
    "terminated": TwoLanguages("已终止办理，已归档", "Ended without a decision, closed"),
    "revoked": TwoLanguages("决定已撤销，已归档", "Decision revoked, closed"),
}
"""What a closed case is called by the state in which it ended, where it was not finished."""


FLAGS: dict[str, TwoLanguages] = {
    "supplement_back": TwoLanguages("补正已交回", "Missing papers came back"),
    "deferred": TwoLanguages("有容缺材料待补", "Papers to follow"),
    "procedure_running": TwoLanguages("特别程序进行中", "Special procedure running"),
    "extension_asked": TwoLanguages("申请延期待批", "Extension asked"),
}
"""What is to be known of a case beside its state, in words (life/standing.py says when each holds)."""

INNER_FLAGS = frozenset({"extension_asked"})
"""Flags that are the office's own."""


def kind_of(national: str, name: str) -> str:
    """The key of KINDS for a matter, by its 事项类型 and its name: `…备案` is a filing, `…验收（含…备案）` is none."""
    if national in NATIONAL:
        return NATIONAL[national]
    return "filing" if re.sub(r"[(（].*?[)）]", "", name).strip().endswith("备案") else "other"


def state_words(kind: str, state: str, end: str | None = None) -> TwoLanguages:
    """What a state is called in a case of this kind; `end` is the state in which a closed case ended."""
    if state == "closed" and end in FILED:
        return FILED[end]
    words = KINDS[kind]
    by_kind = {"granted": words.granted, "refused": words.refused, "issued": words.issued}
    return by_kind.get(state) or STATES[state]


def act_label(kind: str, act: str) -> dict[str, str]:
    """What an act is called in a case of this kind: `label`, `label_en`."""
    words = RULES[act].label if act in RULES else SUBMIT_LABEL
    if act == "issue":
        result = KINDS[kind].result
        words = TwoLanguages(f"制作{result.zh}", f"{result.en.capitalize()} made")
    return {"label": words.zh, "label_en": words.en}


def kind_words(kind: str) -> dict[str, str]:
    """The words of this kind as JSON: `granted`, `refused` and `result`, each in English as `…_en`."""
    words = KINDS[kind]
    pairs = {"granted": words.granted, "refused": words.refused, "result": words.result}
    return {key: pair.zh for key, pair in pairs.items()} | {f"{key}_en": pair.en for key, pair in pairs.items()}


def flag_words(flag: str) -> dict[str, str]:
    """A flag as JSON: `flag`, `label`, `label_en`."""
    return {"flag": flag, "label": FLAGS[flag].zh, "label_en": FLAGS[flag].en}
