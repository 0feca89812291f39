"""A draft with its seals opened and its matter looked up: made once per request (`opening`), then handed on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.drafts.draft import Draft
from api.matters.catalogue.matter import Material, Matter
from api.matters.form import Form


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

    `newer` is the version of the matter in force, where that is not the draft's; `is_taken` whether the draft's own is
    still accepted; `for_companies` whether a company may apply. `principal` is whom an agent acts for:
    `{index, kind, principal_name, agent_name}`.
    """

    record: Draft
    matter: Matter
    edition: Edition
    situation: dict[str, str]
    answers: dict[str, Any]
    delivery: dict[str, Any] | None
    newer: Matter | None
    is_taken: bool
    for_companies: bool
    principal: dict[str, Any] | None


@dataclass(frozen=True)
class HandedIn:
    """A complete draft, ready to become a case: what counts of its answers and materials, and its accepted files."""

    draft: OpenDraft
    answers: dict[str, Any]
    materials: dict[str, list[str]]
    files: dict[str, dict[str, Any]]
    """By upload: its id, name, type and size."""
