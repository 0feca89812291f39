"""Elements of an entry that an older release did not know: what an entry without them has instead.

Nothing is assumed in silence: what nobody said is 未明确, and what cannot be is 无 (or null).
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

Entry = Mapping[str, Any]
UNKNOWN, NONE = "未明确", "无"
PERMIT = "行政许可"
APPROVERS = {"本机关负责人": "agency_head", "本级人民政府负责人": "government_head"}
"""Who approves an extension of the limit, as the clock names them (行政许可法 第42条 第1款; 第2款: joint handling)."""
NOT_COUNTED = frozenset({"听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "专家评审"})
"""The procedures during which a permit's time limit does not run (行政许可法 第45条); others need their own law."""
DELEGATES = {"窗口": "window", "审批人员": "handler"}
"""Who decides what is done on the spot (即办件), as a role of staff."""


def may_stop(kind: str, step: Entry) -> bool:
    """Whether a special procedure may stop the clock of a matter of this kind, whatever its entry says."""
    return kind != PERMIT or step["name"] in NOT_COUNTED or bool(step.get("not_counted_by"))


def completed(entry: Entry) -> dict[str, Any]:
    """An entry with all elements; one that has them is returned as it is."""
    return {**entry, **lacking(entry)}


def lacking(entry: Entry) -> dict[str, Any]:
    """The elements that an entry of an older release lacks; empty where it lacks none.

    The same version of the starter catalogue supplies them where there is one, and what its special procedures are.
    """
    missing = {name: value for name, value in _not_said(entry).items() if name not in entry}
    if not missing:
        return {}
    starter = _starter().get((str(entry.get("code")), entry.get("version")))
    source = starter or {**missing, "special_procedures": _procedures(entry)}
    return {name: source[name] for name in (*missing, "special_procedures")}


def _not_said(entry: Entry) -> dict[str, Any]:
    materials = [row for row in entry.get("materials") or () if isinstance(row, Mapping)]
    may_defer = any(row.get("deferrable") for row in materials)
    return {
        "extension_approver": NONE if entry.get("extension_days") is None else UNKNOWN,
        "deferral": {"days": None, "unit": None, "text": None, "excluded": [], "basis": None} if may_defer else None,
        "promise": {"text": None, "excluded": [], "basis": None} if entry.get("notify_promise") else None,
        "delegated": UNKNOWN if entry.get("case_type") == "即办件" else NONE,
    }


def _procedures(entry: Entry) -> list[Any]:
    rows = entry.get("special_procedures") or []
    return [{"not_counted_by": None, **row} if isinstance(row, Mapping) else row for row in rows]


@cache
def _starter() -> dict[tuple[str, Any], Entry]:
    data = resources.files("api.matters").joinpath("data", "matters.json").read_bytes()
    return {(entry["code"], entry["version"]): entry for entry in json.loads(data)}
