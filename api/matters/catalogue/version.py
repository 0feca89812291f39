"""The rules of versions: how each stands on a day, what must hold before a draft is published, what differs.

A published version is never changed. What comes after it ends it; a matter ends by a version with a `valid_until`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any, Literal

from api.matters.catalogue.consistency import RULES
from api.matters.catalogue.matter import Matter, in_force
from api.times import BEIJING

Entry = Mapping[str, Any]
State = Literal["draft", "planned", "in_force", "replaced", "ended"]
OF_THE_VERSION = frozenset({"version", "valid_from", "valid_until"})
"""What tells a version from another without saying anything of the matter."""
FIRST = date.min
GRACE = timedelta(days=30)
"""How long an application begun under a version may still be handed in under it once another has taken its place."""
CODE = r"^[A-Za-z0-9\u4e00-\u9fff][A-Za-z0-9\u4e00-\u9fff-]{2,39}$"
"""What a code of ours looks like (实施编码): sources differ, so it is otherwise opaque."""
ESSENTIAL = ("name", "name_en", "kind", "department", "audience", "level", "conditions", "theme")
"""What nobody can be without: who does it, for whom, under which conditions."""
BLANK: dict[str, Any] = {
    **dict.fromkeys(("name", "name_en", "department"), ""),
    **{name: [] for name in ("audience", "theme", "level", "legal_basis", "conditions", "materials", "keywords")},
    **{name: [] for name in ("special_procedures", "steps", "faq", "source", "verified_fields", "unverified_fields")},
    **dict.fromkeys(("national_code", "statutory_days", "extension_days", "deadline_note", "fee_basis", "supervisor")),
    **dict.fromkeys(("construction_stage", "supplement_notice_limit_days", "delivery_limit_days", "handling_place")),
    **dict.fromkeys(("notify_promise", "at_home", "high_frequency_street", "high_frequency_community"), False),
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
"""What a draft of a new matter begins with."""


@dataclass(frozen=True)
class Check:
    """One thing that must hold before publication, in words, the fields to mend, and whether it holds."""

    words: str
    words_en: str
    fields: tuple[str, ...]
    holds: bool


@dataclass(frozen=True)
class Difference:
    """A field that is not as in the version before."""

    field: str
    before: Any
    after: Any


def standing(versions: Iterable[Matter], day: date) -> dict[int, State]:
    """How each published version of a matter stands on `day`, by its number."""
    every = list(versions)
    current = in_force(every, day)
    begun = max((one.version for one in every if one.begun(day)), default=0)

    def state(one: Matter) -> State:
        if one == current:
            return "in_force"
        if one.begun(day):
            return "ended" if one.version == begun else "replaced"
        return "replaced" if _overtaken(one, every) else "planned"

    return {one.version: state(one) for one in every}


def until(one: Matter, versions: Iterable[Matter]) -> date | None:
    """The first day on which a version holds no more: its end, or when a later one begins. None: no end is known."""
    ends = [later.valid_from or FIRST for later in versions if later.version > one.version]
    return min([*ends, *([one.valid_until] if one.valid_until else [])], default=None)


def taken_until(one: Matter, versions: Iterable[Matter]) -> date | None:
    """The first day on which an application begun under `one` is taken no more; None where no such day is known.

    A version that another took the place of is good for GRACE more, so that nobody loses what they were filling in (as
    信赖保护, 行政许可法 第8条, would have it); what was said to end, the version or the matter, ends on the day. A case
    that was handed in before is touched by neither: it keeps its version to its end.
    """
    every = list(versions)
    newest = max(every, key=lambda other: other.version)
    replaced = min((day for later in every if later.version > one.version if (day := _since(later))), default=None)
    ends = (one.valid_until, newest.valid_until, replaced + GRACE if replaced else None)
    return min((end for end in ends if end), default=None)


def is_taken(one: Matter, versions: Iterable[Matter], day: date) -> bool:
    """Whether an application begun under `one` is taken on `day`: never where the matter has ended."""
    every = list(versions)
    until = taken_until(one, every)
    return in_force(every, day) is not None and (until is None or day < until)


def checks(entry: Entry, before: Entry | None, today: date) -> list[Check]:
    """All that must hold before `entry` is published after the version `before`, whether it does or not."""
    begins, ends = _day(entry["valid_from"]), _day(entry["valid_until"])
    own = [
        Check(
            "生效日期不应早于今天",
            "It does not begin before today",
            ("valid_from",),
            begins is None or begins >= today,
        ),
        Check(
            "失效日期应晚于生效日期",
            "It ends after it begins",
            ("valid_until",),
            ends is None or ends > (begins or today),
        ),
    ]
    empty = tuple(name for name in ESSENTIAL if not entry[name]) + (() if entry["result"]["name"] else ("result",))
    own.append(Check("基本要素应填全", "The basic elements are filled in", empty or ESSENTIAL, not empty))
    if before is not None:
        changed = bool(differences(before, entry)) or entry["valid_until"] != before["valid_until"]
        own.append(Check("应与上一版有不同", "It differs from the version before", (), changed))
    return [*own, *(Check(rule.words, rule.words_en, rule.fields, rule.holds(entry)) for rule in RULES)]


def differences(before: Entry, after: Entry) -> list[Difference]:
    """What `after` says otherwise than `before`, in the order of its fields."""
    known = {**before, "materials": keyed(before["materials"])}
    new = {**after, "materials": keyed(after["materials"])}
    return [
        Difference(name, before.get(name), after[name])
        for name, value in new.items()
        if name not in OF_THE_VERSION and known.get(name) != value
    ]


def keyed(materials: Sequence[Mapping[str, Any]], before: Iterable[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """The materials, each with a key of its own: situations and forms name materials by key, so one that stays keeps
    its key wherever it moves, and a new one never gets that of one that was taken away (`before`).
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
    """The entry as it is published: from today on, where no day is told."""
    return {**entry, "valid_from": entry["valid_from"] or today.isoformat()}


def _overtaken(one: Matter, versions: Iterable[Matter]) -> bool:
    begins = one.valid_from or FIRST
    return any(later.version > one.version and (later.valid_from or FIRST) <= begins for later in versions)


def _since(one: Matter) -> date | None:
    """From when people could see a version as the one that counts; None where nobody wrote it down."""
    published = one.record.get("published", {}).get("at")
    days = (one.valid_from, published and published.astimezone(BEIJING).date())
    return max((day for day in days if day), default=None)


def _number(key: str) -> int:
    return int(key[1:])


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
