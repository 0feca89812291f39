"""The immutable snapshot of the catalogue that all answers come from: matters by version, situations, forms."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from api.matters.catalogue import content
from api.matters.catalogue.department import Departments
from api.matters.catalogue.matter import Matter, in_force, matter_of
from api.matters.form import Form, form_of
from api.matters.guide.situation import Situations, in_version
from api.matters.search.index import Index

Versions = Mapping[str, Mapping[int, Matter]]
"""Published versions by code and number."""


@dataclass(frozen=True)
class FormsOfMatters:
    """Which form a matter has: its own in a version, else `other`, the one for all that have none.

    `of_matter` has forms by code, each from a version on; `of_version`, by code and version, what a version itself
    carries, which replaces it. `common` is the data of the section that every form begins with.
    """

    common: Mapping[str, Any]
    other: Form
    of_matter: Mapping[str, tuple[tuple[int, Form], ...]]
    of_version: Mapping[tuple[str, int], Form] = field(default_factory=dict)

    def own(self, matter: Matter) -> Form | None:
        """The matter's own form in its version, or None."""
        carried = self.of_version.get((matter.code, matter.version))
        return carried or in_version(self.of_matter.get(matter.code, ()), matter.version)

    def of(self, matter: Matter) -> Form:
        """The matter's own form, or the one for all others."""
        return self.own(matter) or self.other


def forms_of(data: Mapping[str, Any]) -> FormsOfMatters:
    """The forms of the data file. Raises KeyError where one is malformed."""
    common = data["common"]
    of_matter = {
        code: tuple((row["from_version"], form_of(common, row)) for row in rows)
        for code, rows in data["matters"].items()
    }
    return FormsOfMatters(common, form_of(common, data["other"]), of_matter)


@dataclass(frozen=True)
class CatalogueSnapshot:
    """The catalogue as of one revision and one day; never changed, only replaced.

    `current` is the version in force by code, in order; `departments` the code of the department that an entry names,
    by code and version, where it names one of ours.
    """

    situations: Situations
    forms: FormsOfMatters
    revision: int = -1
    versions: Versions = field(default_factory=dict)
    current: Mapping[str, Matter] = field(default_factory=dict)
    index: Index | None = None
    departments: Mapping[tuple[str, int], str] = field(default_factory=dict)

    def with_versions(self, versions: Versions, departments: Departments) -> "CatalogueSnapshot":
        """A snapshot with these versions, the content that they carry, and the departments that they name."""
        every = {(matter.code, matter.version): matter.record for rows in versions.values() for matter in rows.values()}
        situations = {key: own for key, record in every.items() if (own := content.situation_of(record))}
        common = self.forms.common
        forms = {key: form for key, record in every.items() if (form := content.form_in(record, common))}
        named = {key: departments.named_in(record["department"]) for key, record in every.items()}
        return replace(
            self,
            versions=versions,
            situations=replace(self.situations, of_version=situations),
            forms=replace(self.forms, of_version=forms),
            departments={key: code for key, code in named.items() if code},
        )


def versions_of(records: Iterable[Mapping[str, Any]]) -> dict[str, dict[int, Matter]]:
    """The versions of stored entries, by code and number."""
    versions: dict[str, dict[int, Matter]] = defaultdict(dict)
    for record in records:
        versions[record["code"]][record["version"]] = matter_of(record)
    return dict(versions)


def current_of(versions: Versions, day: date) -> dict[str, Matter]:
    """The version in force on a day, by code, in order of codes; matters without one are left out."""
    newest = {code: in_force(rows.values(), day) for code, rows in sorted(versions.items())}
    return {code: matter for code, matter in newest.items() if matter is not None}
