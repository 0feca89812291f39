"""What a row of the table of acts says: who may do an act, in which states, under which guards, with which fields."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from api.calendar.day_words import TwoLanguages
from api.cases.case import Action
from api.cases.life.standing import CaseStanding
from api.matters.catalogue.matter import Matter
from api.refusals import Refusal

Visibility = Literal["open", "act_alone", "inside"]
"""What the applicant sees of an act: all, the act without its words (those are for colleagues), or nothing."""

FieldType = Literal["line", "text", "number", "choice", "choices", "items", "uploads", "papers"]
BLANK: Mapping[FieldType, Any] = {"number": None, "choices": (), "items": (), "uploads": (), "papers": {}}

Change = Callable[[CaseStanding, Action], CaseStanding]
"""What an act changes in the standing, beside state, version and holder."""


@dataclass(frozen=True)
class ActChoice:
    """One value that a field may have."""

    value: str
    label: TwoLanguages


@dataclass(frozen=True)
class ActField:
    """A field of an act, so that a page can draw its form.

    A `line` is a short text, `items` are materials, each with why, `papers` are materials, each with its uploads.
    `choices` are fixed; `listed` is the name of a list of choices that the case gives: departments, materials, ….
    """

    key: str
    label: TwoLanguages
    type: FieldType
    required: bool = False
    choices: tuple[ActChoice, ...] = ()
    listed: str = ""

    @property
    def blank(self) -> Any:
        """What is stored where nothing was given."""
        return BLANK.get(self.type, "")


@dataclass(frozen=True)
class Attempt:
    """An act that somebody would do now: the standing and matter of the case, who they are and in which roles.

    `data` are the fields of the act, None where only the offer of it is asked for. `is_overdue`: the statutory limit
    has passed. `is_aided`: an officer filled the case in for somebody who has no account.
    """

    standing: CaseStanding
    matter: Matter
    actor: str
    roles: frozenset[str]
    data: Mapping[str, Any] | None = None
    is_overdue: bool = False
    is_aided: bool = False


Guard = Callable[[Attempt], Refusal | None]
"""A named condition of an act beyond state and role, a pure function: why it must not be done now, or None."""


Records = Callable[[Attempt], Mapping[str, Any]]
"""What is recorded of an act beside its fields."""


@dataclass(frozen=True)
class ActRule:
    """One act: its label, who may do it, in which states, the state it leads to (None: as `change` says, or the same),
    the names of its guards, the event that is announced, what it changes, and what the applicant sees of it."""

    label: TwoLanguages
    roles: frozenset[str]
    states: frozenset[str]
    leads_to: str | None
    guards: tuple[str, ...]
    event: str
    change: Change
    fields: tuple[ActField, ...] = ()
    visibility: Visibility = "open"
    records: Records = lambda attempt: {}


def unchanged(standing: CaseStanding, action: Action) -> CaseStanding:
    """The change of an act that leaves all but state, version and holder as it was."""
    return standing


def rule(
    label: tuple[str, str],
    who: str,
    where: str,
    leads_to: str | None = None,
    *,
    event: str,
    guards: str = "",
    change: Change = unchanged,
    fields: tuple[ActField, ...] = (),
    visibility: Visibility = "open",
    records: Records = lambda attempt: {},
) -> ActRule:
    """A row of the table; roles, states and guards are given as words with blanks between."""
    roles, states = frozenset(who.split()), frozenset(where.split())
    words = TwoLanguages(*label)
    return ActRule(words, roles, states, leads_to, tuple(guards.split()), event, change, fields, visibility, records)
