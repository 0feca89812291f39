"""What a draft could take over from the account's profile and from its own earlier cases, field by field: rules.

Nothing is filled in by itself: each is shown with where it comes from, and taken over by its owner. Only a field of the
same meaning is offered: the same key, kind, words and options, asked of the same sort of applicant.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.calendar.day_words import day_words
from api.drafts.open_draft import Edition
from api.identity.masking import mask_identity
from api.matters import form as forms
from api.matters.form import Field, Form
from api.matters.guide.situation import BilingualText
from api.times import BEIJING

PROFILE_KINDS = {"applicant_name": "text", "id_number": "identity_number", "phone": "mobile"}
"""The fields that a profile knows, and their kind."""
OF_EACH_CASE = frozenset({"remark"})
"""Fields that are about the one case, whatever they are called elsewhere; long texts are too, but for an address."""
FROM_PROFILE = BilingualText("来自您的个人资料", "From your profile")


@dataclass(frozen=True)
class EarlierCase:
    """An earlier case of the same account and for the same applicant: its form and what was filled in."""

    number: str
    submitted_at: datetime
    matter: str
    form: Form
    known: Mapping[str, str]
    answers: Mapping[str, Any]


@dataclass(frozen=True)
class SameMatter:
    """An open case of the same account about the same matter, with the words for its state."""

    number: str
    submitted_at: datetime
    state: BilingualText


@dataclass(frozen=True)
class Suggestion:
    """A value for an empty field, and where it comes from: the `profile`, or the case with this number."""

    field: Field
    value: Any
    number: str | None
    words: BilingualText

    @property
    def as_shown(self) -> Any:
        """The value as its owner is shown it: an identity number is masked."""
        return mask_identity(self.value) if self.field.kind == "identity_number" else self.value


def suggestions(
    edition: Edition,
    answers: Mapping[str, Any],
    profile: Mapping[str, str],
    earlier: Sequence[EarlierCase],
    now: datetime,
) -> list[Suggestion]:
    """One suggestion at most for each field that is asked and empty: of the profile, else of the newest case."""
    found = (
        _suggestion(field, edition, profile, earlier, now)
        for field, value in forms.asked(edition.form.fields, answers, edition.known)
        if forms.is_empty(value) and _is_about_the_person(field)
    )
    return [suggestion for suggestion in found if suggestion]


def same_matter(cases: Iterable[SameMatter], now: datetime) -> list[BilingualText]:
    """A sentence per open case about the same matter, which hinders nobody."""
    return [_open_words(case, now) for case in cases]


def _suggestion(
    field: Field, edition: Edition, profile: Mapping[str, str], earlier: Sequence[EarlierCase], now: datetime
) -> Suggestion | None:
    own = profile.get(field.key) if PROFILE_KINDS.get(field.key) == field.kind else None
    of_cases = (
        Suggestion(field, value, case.number, _case_words(case, now))
        for case, value in _answers(field, edition, earlier)
    )
    candidates = (*([Suggestion(field, own, None, FROM_PROFILE)] if own else []), *of_cases)
    return next((one for one in candidates if not forms.wrong(edition.form, {field.key: one.value}, now)), None)


def _answers(field: Field, edition: Edition, earlier: Sequence[EarlierCase]) -> Iterator[tuple[EarlierCase, Any]]:
    for case in earlier:
        value = case.answers.get(field.key)
        is_same = any(_meaning(field) == _meaning(other) for other in case.form.fields)
        if is_same and not forms.is_empty(value) and case.known.get("applicant") == edition.known.get("applicant"):
            yield case, value


def _meaning(field: Field) -> tuple[Any, ...]:
    return field.key, field.kind, field.words, field.options


def _is_about_the_person(field: Field) -> bool:
    is_text_of_case = field.key in OF_EACH_CASE or (field.kind == "long_text" and field.key != "address")
    return not field.is_group and not is_text_of_case


def _case_words(case: EarlierCase, now: datetime) -> BilingualText:
    day = day_words(case.submitted_at.astimezone(BEIJING).date(), now.astimezone(BEIJING).date())
    return BilingualText(f"来自您 {day.zh}的办件“{case.matter}”", f"From your case of {day.en}: {case.matter}")


def _open_words(case: SameMatter, now: datetime) -> BilingualText:
    day = day_words(case.submitted_at.astimezone(BEIJING).date(), now.astimezone(BEIJING).date())
    return BilingualText(
        f"您 {day.zh}已经提交过这件事，现在是“{case.state.text}”。要再办一件，可以接着提交。",
        f"You submitted this on {day.en}; it is now: {case.state.text_en}. You may still submit another one.",
    )
