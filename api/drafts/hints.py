"""The use cases of hints: what a draft could take over, and whether its matter is open already. They refuse nothing."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from api.drafts import prefill
from api.drafts.open_draft import OpenDraft
from api.drafts.ports import DraftsPorts
from api.identity.actor import Actor
from api.refusals import BadFields

Row = dict[str, Any]
AS_COMPANY = "company"


class DraftHints:
    """Hints for the owner of a draft, all of their own account and for the same applicant."""

    def __init__(self, *, now: Callable[[], datetime], ports: DraftsPorts) -> None:
        self._now = now
        self._ports = ports

    def of(self, actor: Actor, draft: OpenDraft) -> Row:
        """What the fields of a draft could take over, and the open cases about the same matter."""
        index, now = _principal(draft), self._now()
        is_own = not (draft.record.case or draft.record.aided)
        cases = self._ports.open_cases(actor, draft.matter.code, index) if is_own else []
        words = prefill.same_matter(cases, now)
        return {
            "suggestions": [
                {"key": one.field.key, "value": one.as_shown, "case": one.number, **asdict(one.words)}
                for one in self._suggestions(actor, draft)
            ],
            "open_cases": [{"number": case.number, **asdict(said)} for case, said in zip(cases, words, strict=True)],
        }

    def taken(self, actor: Actor, draft: OpenDraft, keys: list[str]) -> dict[str, prefill.Suggestion]:
        """The suggestions for these fields, by key. Raises BadFields for a field that has none (any more)."""
        offered = {one.field.key: one for one in self._suggestions(actor, draft)}
        if wrong := [key for key in keys if key not in offered]:
            raise BadFields({f"fields.{key}": ["这一项没有可以带入的内容，请自己填写。"] for key in wrong})
        return {key: offered[key] for key in keys}

    def _suggestions(self, actor: Actor, draft: OpenDraft) -> list[prefill.Suggestion]:
        if draft.record.case or draft.record.aided:  # the officer's own account is not the applicant's
            return []
        known, now = draft.edition.known, self._now()
        is_own = draft.principal is None and known.get("applicant") != AS_COMPANY
        profile = self._ports.profile(actor) if is_own else {}
        earlier = self._ports.earlier_cases(actor, _principal(draft))
        return prefill.suggestions(draft.edition, draft.answers, profile, earlier, now)


def _principal(draft: OpenDraft) -> str | None:
    return draft.principal["index"] if draft.principal else None
