"""The checks before a draft of a version is published: its days, the elements that must not be empty, consistency."""

from dataclasses import dataclass
from datetime import date

from api.matters.catalogue.consistency import RULES
from api.matters.catalogue.version import Entry, differences

ESSENTIAL = ("name", "name_en", "kind", "department", "audience", "level", "conditions", "theme")
"""Fields that must not be empty: who does it, for whom, under which conditions."""


@dataclass(frozen=True)
class Check:
    """A check before publication: what must hold, in both languages, the fields to mend, and whether it holds."""

    words: str
    words_en: str
    fields: tuple[str, ...]
    holds: bool


def checks(entry: Entry, before: Entry | None, today: date) -> list[Check]:
    """The checks before `entry` is published after the version `before`, those that hold included."""
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


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
