"""A draft as JSON, as its owner may see it, with what is still missing of it."""

from collections.abc import Callable, Container
from dataclasses import asdict
from datetime import datetime
from typing import Any

from api.drafts import choices, life, moving
from api.drafts import draft as rules
from api.drafts.aid import applicant_index
from api.drafts.completeness import Missing, gaps
from api.drafts.open_draft import OpenDraft
from api.drafts.opening import edition_of
from api.drafts.ports import DraftsPorts
from api.files.service import Files
from api.identity.masking import mask_identity
from api.identity.sealing.keyring import Keyring
from api.matters.service import Matters
from api.web.field_words import field_words

Row = dict[str, Any]


class DraftViews:
    """Serialises drafts as JSON."""

    def __init__(
        self, *, matters: Matters, files: Files, keyring: Keyring, now: Callable[[], datetime], ports: DraftsPorts
    ) -> None:
        self._matters = matters
        self._files = files
        self._keys = keyring
        self._now = now
        self._ports = ports

    def _newer_version(self, draft: OpenDraft) -> Row | None:
        """The version in force, where it is not this draft's any more, and what it asks otherwise."""
        new = draft.newer
        if draft.record.case or new is None:
            return None
        edition = edition_of(self._matters, new, self._matters.fitting(new, draft.situation))
        return {
            "version": new.version,
            "since": new.valid_from,
            "must_move": not draft.is_taken,
            "changes": [asdict(words) for words in moving.changes(draft.edition, edition, draft.answers)],
        }

    def as_json(self, draft: OpenDraft) -> Row:
        """A draft in full, for its owner."""
        record, principal = draft.record, draft.principal
        excluded = self.excluded(draft)
        return {
            "id": record.id,
            "version": record.version,
            "matter": asdict(record.matter),
            "answers": _masked(draft),
            "situation": draft.situation,
            "materials": record.materials,
            "newer_version": self._newer_version(draft),
            "taken_until": None if record.case else self._matters.taken_until(draft.matter),
            "moved": record.moved,
            "delivery": draft.delivery,
            "deferral": None if record.case else choices.deferral_json(draft, excluded),
            "promise": None if record.case else choices.promise_json(draft, excluded),
            "missing": [] if record.case else [_gap_json(gap) for gap in self.gaps(draft)],
            "case": record.case,
            "for_": {"mandate": record.mandate, "name": principal["principal_name"]} if principal else None,
            "talk": record.talk,
            "aided": record.aided and {"language": record.aided},
            "kept": self._kept(record),
            "created_at": record.created_at,
            "updated_at": record.updated_at,
        }

    def _kept(self, record: rules.Draft) -> Row | None:
        """Until when it is kept: its end, and a sentence about it."""
        if record.case or record.kept_until is None:
            return None
        return {"until": record.kept_until, **asdict(life.sentence(record.kept_until, self._now()))}

    def gaps(self, draft: OpenDraft, files: Container[str] | None = None) -> list[Missing]:
        """What must still be done before the draft can be submitted; `files` are its accepted ones, if known."""
        accepted, not_asked = self.accepted(draft) if files is None else files, choices.not_asked(draft)
        asked = gaps(draft, accepted=accepted, not_asked=not_asked, index=self._keys.index, now=self._now())
        return [*asked, *choices.gaps(draft, self.excluded(draft))]

    def excluded(self, draft: OpenDraft) -> Callable[[], bool]:
        """Asks, when it is called, whether the applicant broke a promise before that still stands."""
        record, is_excluded = draft.record, self._ports.is_excluded
        if record.aided:
            return lambda: is_excluded("", None, applicant_index(draft, self._keys, self._now()))
        return lambda: is_excluded(record.owner, record.mandate, None)

    def accepted(self, draft: OpenDraft) -> dict[str, Row]:
        """By upload: a description of each file of a draft that passed its check."""
        owner, uploads = draft.record.owner, rules.uploads(draft.record.materials)
        files = {upload: self._files.accepted(owner, upload) for upload in uploads}
        return {upload: file for upload, file in files.items() if file is not None}


def _gap_json(gap: Missing) -> Row:
    return {"field": gap.field, "material": gap.material, "why": gap.why, "why_en": field_words(gap.why, "en")}


def _masked(draft: OpenDraft) -> Row:
    """The answers, with the identity numbers masked that were taken over and not typed."""
    taken = {key: mask_identity(draft.answers[key]) for key in draft.record.taken if draft.answers.get(key)}
    return {**draft.answers, **taken}
