"""Versions of matters: their states on a day, and their differences.

A published version is never changed. What comes after it ends it; a matter ends by a version with a `valid_until`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any, Literal

from api.matters.catalogue.elements import NONE
from api.matters.catalogue.matter import Matter, in_force
from api.times import BEIJING

Entry = Mapping[str, Any]
State = Literal["draft", "planned", "in_force", "replaced", "ended"]
OF_THE_VERSION = frozenset({"version", "valid_from", "valid_until"})
"""Fields that belong to the version and not to the matter: no differences."""
FIRST = date.min
GRACE = timedelta(days=30)
"""How long an application begun under a version is still accepted after another version has replaced it."""
CODE = r"^[A-Za-z0-9\u4e00-\u9fff][A-Za-z0-9\u4e00-\u9fff-]{2,39}$"
"""The form of a matter's code (实施编码); sources differ, so it is otherwise opaque."""
BLANK: dict[str, Any] = {
    **dict.fromkeys(("name", "name_en", "department"), ""),
    **{name: [] for name in ("audience", "theme", "level", "legal_basis", "conditions", "materials", "keywords")},
    **{name: [] for name in ("special_procedures", "steps", "faq", "source", "verified_fields", "unverified_fields")},
    **dict.fromkeys(("national_code", "statutory_days", "extension_days", "deadline_note", "fee_basis", "supervisor")),
    **dict.fromkeys(("construction_stage", "supplement_notice_limit_days", "delivery_limit_days", "handling_place")),
    **dict.fromkeys(("notify_promise", "at_home", "high_frequency_street", "high_frequency_community"), False),
    **dict.fromkeys(("deferral", "promise")),
    **dict.fromkeys(("extension_approver", "delegated"), NONE),
    "kind": "行政许可",
    "statutory_day_unit": "工作日",
    "promised_days": 20,
    "promised_day_unit": "工作日",
    "case_type": "承诺件",
    "online_depth": "II",
    "visits": 1,
    "courier": {"collect_materials": False, "deliver_result": False},
    "appointment": True,
    "fee": "0",
    "result": {"name": "", "validity": None},
    "sink_mode": {},
    "verified": False,
}
"""The entry that a draft of a new matter begins with."""


@dataclass(frozen=True)
class Difference:
    """A field that differs from the version before."""

    field: str
    before: Any
    after: Any


def states(versions: Iterable[Matter], day: date) -> dict[int, State]:
    """The state of each published version of a matter on `day`, by version number."""
    every = list(versions)
    current = in_force(every, day)
    newest_begun = max((version.version for version in every if version.begun(day)), default=0)

    def state(version: Matter) -> State:
        if version == current:
            return "in_force"
        if version.begun(day):
            return "ended" if version.version == newest_begun else "replaced"
        return "replaced" if _overtaken(version, every) else "planned"

    return {version.version: state(version) for version in every}


def until(version: Matter, versions: Iterable[Matter]) -> date | None:
    """The first day on which `version` is no longer in force: its end, or the start of a later one; None if unknown."""
    ends = [later.valid_from or FIRST for later in versions if later.version > version.version]
    return min([*ends, *([version.valid_until] if version.valid_until else [])], default=None)


def taken_until(version: Matter, versions: Iterable[Matter]) -> date | None:
    """The first day on which an application begun under `version` is not accepted any more; None where none is known.

    A replaced version is accepted for GRACE more, so that nobody loses what they were filling in (信赖保护, 行政许可法
    第8条); a version or matter with an announced end ends on that day. A case submitted before keeps its version.
    """
    every = list(versions)
    newest = max(every, key=lambda other: other.version)
    replaced = min((day for later in every if later.version > version.version if (day := _since(later))), default=None)
    ends = (version.valid_until, newest.valid_until, replaced + GRACE if replaced else None)
    return min((end for end in ends if end), default=None)


def is_taken(version: Matter, versions: Iterable[Matter], day: date) -> bool:
    """Whether an application begun under `version` is accepted on `day`: never where the matter has ended."""
    every = list(versions)
    until = taken_until(version, every)
    return in_force(every, day) is not None and (until is None or day < until)


def differences(before: Entry, after: Entry) -> list[Difference]:
    """The fields of `after` that differ from `before`, in order."""
    known = {**before, "materials": keyed(before["materials"])}
    new = {**after, "materials": keyed(after["materials"])}
    return [
        Difference(name, before.get(name), after[name])
        for name, value in new.items()
        if name not in OF_THE_VERSION and known.get(name) != value
    ]


def keyed(materials: Sequence[Mapping[str, Any]], before: Iterable[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """The materials, each with a unique key: a known one keeps its key, a new one gets a fresh number.

    Situations and forms name materials by key, so a key of a removed material (`before`) is never given again.
    """
    taken = {_number(row["key"]) for row in (*materials, *before) if row.get("key")}
    fresh = count(max(taken, default=0) + 1)
    used: set[str] = set()
    rows = []
    for row in materials:
        key = row.get("key")
        rows.append({**row, "key": f"m{next(fresh)}" if not key or key in used else key})
        used.add(rows[-1]["key"])
    return rows


def begun_on(entry: Entry, today: date) -> dict[str, Any]:
    """The entry as it is published: valid from today, where it names no day."""
    return {**entry, "valid_from": entry["valid_from"] or today.isoformat()}


def _overtaken(version: Matter, versions: Iterable[Matter]) -> bool:
    begins = version.valid_from or FIRST
    return any(later.version > version.version and (later.valid_from or FIRST) <= begins for later in versions)


def _since(version: Matter) -> date | None:
    """The day from which a version was both published and valid; None where neither is recorded."""
    published = version.record.get("published", {}).get("at")
    days = (version.valid_from, published and published.astimezone(BEIJING).date())
    return max((day for day in days if day), default=None)


def _number(key: str) -> int:
    return int(key[1:])
