"""A draft with its seals opened and its matter looked up: made once per request by `open_draft`, then handed on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.drafts.draft import Draft
from api.identity.mandates.service import Mandates
from api.identity.sealing.keyring import Keyring
from api.matters.catalogue.matter import Material, Matter
from api.matters.form import Form
from api.matters.service import Matters


@dataclass(frozen=True)
class Edition:
    """A version of a matter as it is for one person: its elements, their papers, and the form with what it knows."""

    matter: Matter
    papers: tuple[Material, ...]
    form: Form
    known: Mapping[str, str]

    @property
    def every_paper(self) -> tuple[Material, ...]:
        """What this person needs, then all else that the matter may ask for."""
        needed = {paper.key for paper in self.papers}
        return (*self.papers, *(material for material in self.matter.materials if material.key not in needed))


@dataclass(frozen=True)
class OpenDraft:
    """A draft in plain text. `matter` is the catalogue's, `edition` what it is in this person's situation.

    `newer` is the version of the matter in force, where that is not the draft's; `principal` whom an agent acts for:
    `{index, kind, principal_name, agent_name}`.
    """

    record: Draft
    matter: Matter
    edition: Edition
    situation: dict[str, str]
    answers: dict[str, Any]
    delivery: dict[str, Any] | None
    materials: dict[str, list[str]]
    newer: Matter | None
    principal: dict[str, Any] | None


def open_draft(record: Draft, keys: Keyring, matters: Matters, mandates: Mandates) -> OpenDraft:
    """Open each sealed field of a draft, and look up its matter and mandate."""
    matter = matters.matter(record.matter.code, record.matter.version)
    situation = keys.open_json(record.id, "situation", record.situation) if record.situation else {}
    return OpenDraft(
        record=record,
        matter=matter,
        edition=edition_of(matters, matter, situation),
        situation=situation,
        answers=keys.open_json(record.id, "answers", record.answers),
        delivery=keys.open_json(record.id, "delivery", record.delivery) if record.delivery else None,
        materials=record.materials,
        newer=matters.later(matter),
        principal=mandates.principal(record.mandate) if record.mandate else None,
    )


def edition_of(matters: Matters, matter: Matter, situation: dict[str, str]) -> Edition:
    """What a version of a matter is in a situation."""
    personal = matters.personal(matter, situation)
    return Edition(personal.matter, personal.papers, matters.form(matter), matters.known(matter, situation))
