"""A decrypted draft with its matter looked up: made once per request (by `opening`), then passed on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.drafts.draft import Draft
from api.matters.catalogue.matter import Material, Matter
from api.matters.form import Form


@dataclass(frozen=True)
class Edition:
    """A version of a matter as it applies to one person: its elements, their materials (`papers`), and the form.

    `known` are the answers about the situation that count, which decide which fields are asked.
    """

    matter: Matter
    papers: tuple[Material, ...]
    form: Form
    known: Mapping[str, str]

    @property
    def every_paper(self) -> tuple[Material, ...]:
        """The materials that this person needs, then all others that the matter may ask for."""
        needed = {paper.key for paper in self.papers}
        return (*self.papers, *(material for material in self.matter.materials if material.key not in needed))


@dataclass(frozen=True)
class OpenDraft:
    """A decrypted draft. `matter` is the catalogue's version, `edition` the same as it applies to this person.

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
    """A complete draft, ready to become a case: the answers and materials that are asked for, and accepted files."""

    draft: OpenDraft
    answers: dict[str, Any]
    materials: dict[str, list[str]]
    files: dict[str, dict[str, Any]]
    """By upload: its id, name, type and size."""
