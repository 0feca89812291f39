"""The catalogue service: matters by version, personal guides, forms, search, public lists and packages.

Answers come from memory alone, from an immutable snapshot. `follow` replaces it where the store has changed, or a day
has begun on which another version comes into force; every process calls it about once a second.
"""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Any

from api.matters import views
from api.matters.catalogue import consistency, content, lists
from api.matters.catalogue import matter as rules
from api.matters.catalogue import version as version_rules
from api.matters.catalogue.department import Departments
from api.matters.catalogue.matter import Due, Matter
from api.matters.catalogue.publication import Check
from api.matters.catalogue.snapshot import (
    CatalogueSnapshot,
    FormsOfMatters,
    Versions,
    current_of,
    forms_of,
    versions_of,
)
from api.matters.form import Form
from api.matters.guide.situation import (
    Answers,
    BilingualText,
    Personal,
    Situations,
    in_version,
    situations_of,
    unknown_materials,
)
from api.matters.search.index import Index, SearchEntry
from api.matters.search.reading import Reader
from api.matters.search.texts import searched_texts
from api.matters.store import MatterStore
from api.refusals import BadFields, NotFound
from api.texts import listed
from api.times import BEIJING

Row = dict[str, Any]


class Matters:
    """The matters that people can apply for. `due` computes the last day of a limit (the calendar's)."""

    def __init__(self, store: MatterStore, *, due: Due, now: Callable[[], datetime]) -> None:
        self._store = store
        self._due = due
        self._now = now
        self._following = threading.Lock()
        lexicon = _data("lexicon.json")
        self._phrases: dict[str, list[str]] = lexicon["said"]
        self._offices: dict[str, Row] = lexicon["elsewhere"]
        self._reader = Reader(lexicon)
        self.departments = Departments(_data("departments.json")["departments"])
        situations = situations_of(_data("situations.json"), _data("situations_of_matters.json"))
        self._snapshot = CatalogueSnapshot(situations, forms_of(_data("forms.json")))

    @property
    def _situations(self) -> Situations:
        return self._snapshot.situations

    @property
    def _forms(self) -> FormsOfMatters:
        return self._snapshot.forms

    # -- matters --------------------------------------------------------------

    def matter(self, code: str, version: int | None = None) -> Matter:
        """A matter in a version, or in the one that is in force. Raises NotFound."""
        snapshot = self._snapshot
        matter = snapshot.current.get(code) if version is None else snapshot.versions.get(code, {}).get(version)
        if matter is None:
            raise NotFound
        return matter

    def versions(self) -> Versions:
        """All published versions, by code and number."""
        return self._snapshot.versions

    def codes(self) -> list[str]:
        """The codes of all matters in force, in order."""
        return list(self._snapshot.current)

    def entry(self, code: str) -> Mapping[str, Any]:
        """The catalogue entry of a matter in force. Raises NotFound."""
        return self.matter(code).record

    def department(self, code: str, version: int) -> str:
        """The code of the department that handles a matter; "" where its text names none of ours."""
        return self._snapshot.departments.get((code, version), "")

    def without_department(self) -> list[Row]:
        """The entries in force whose text names no department of ours, which is to be corrected."""
        current = self._snapshot.current.values()
        return [dict(matter.record) for matter in current if not self.department(matter.code, matter.version)]

    def card(self, code: str) -> Row:
        """What a card in a conversation shows of a matter. Raises NotFound."""
        return views.card(self.matter(code))

    def material_card(self, ref: str) -> Row:
        """What a card in a conversation shows of a material, given as `<matter>:<key>`. Raises NotFound."""
        code, _, key = ref.rpartition(":")
        matter = self.matter(code)
        for material in matter.materials:
            if material.key == key:
                return views.material_card(matter, material)
        raise NotFound

    def listed(self, question: Row, after: str | None, most: int) -> list[Row]:
        """Matters in force by code, filtered by `theme` and `online`; at most `most` after the code `after`."""
        theme, online = question.get("theme"), question.get("online")
        return [
            views.line(matter)
            for code, matter in self._snapshot.current.items()
            if (after is None or code > after)
            and (theme is None or theme in matter.themes)
            and (online is None or online == matter.online)
        ][:most]

    def search(self, question: str, limit: int) -> list[Row]:
        """Matters that a question in people's own words may mean, best first: {code, name, score, why}."""
        snapshot = self._snapshot
        hits = snapshot.index.search(question, limit) if snapshot.index else []
        return [{**asdict(hit), "name": snapshot.current[hit.code].name} for hit in hits]

    def elsewhere(self, question: str) -> list[Row]:
        """What of a question other offices do, and whom to ask: {word, office, office_en, phone}."""
        index = self._snapshot.index
        offices = [(one.word, self._offices[one.office]) for one in (index.elsewhere(question) if index else ())]
        return [
            {"word": word, "office": office["zh"], "office_en": office["en"], "phone": office["phone"]}
            for word, office in offices
            if "zh" in office
        ]

    def face(self, code: str, version: int | None = None) -> Row:
        """A matter in full, in the shape of `GET /v1/matters/{code}`. Raises NotFound."""
        return self._face(self.matter(code, version))

    def _face(self, matter: Matter) -> Row:
        return views.face(matter, self.unverified(matter))

    def unverified(self, matter: Matter) -> list[str]:
        """What the district has not confirmed yet: fields of the entry, the matter's own situations, its own form."""
        own, form = self._situations.own(matter), self._forms.own(matter)
        more = {"situations": own is None or own.verified, "form": form is None or form.verified}
        return [*matter.record["unverified_fields"], *(name for name, verified in more.items() if not verified)]

    # -- guides ---------------------------------------------------------------

    def guide(self, code: str, version: int | None = None, answers: Answers | None = None) -> Row:
        """A matter in full with its guide as of today, for the situation of these answers.

        Raises NotFound, and BadFields for an answer that no question of the matter offers.
        """
        return self._guide(self.matter(code, version), self._situations, answers or {})

    def preview(self, entry: Mapping[str, Any], answers: Answers) -> Row:
        """The guide that an entry would have if it were in force. Raises BadFields as `guide` does.

        The content that it carries must be sound (`content_checks`).
        """
        matter, own = rules.matter_of(entry), content.situation_of(entry)
        return self._guide(matter, self._situations.of(matter, own) if own else self._situations, answers)

    def _guide(self, catalogued: Matter, situations: Situations, answers: Answers) -> Row:
        if wrong := _wrong(situations, catalogued, answers):
            raise BadFields({"answers": wrong})
        personal = situations.personal(catalogued, answers, self._today(), self._due)
        current = self._snapshot.current.get(catalogued.code)
        return {
            **self._face(personal.matter),
            "current_version": current.version if current else None,
            **views.guide_face(personal.matter, personal.guide, personal.notes),
            **views.questions(catalogued, situations, answers),
        }

    def wrong_answers(self, matter: Matter, answers: Answers) -> list[str]:
        """Why answers about a situation are refused, in sentences; empty where they are not."""
        return _wrong(self._situations, matter, answers)

    def personal(self, matter: Matter, answers: Answers) -> Personal:
        """A matter in one person's situation, as of today."""
        return self._situations.personal(matter, answers, self._today(), self._due)

    def question_words(self, matter: Matter) -> dict[str, BilingualText]:
        """The texts of all questions that may be asked for a matter, by key."""
        return {question.key: question.words for question in self._situations.all_questions(matter)}

    def fitting(self, matter: Matter, answers: Answers) -> dict[str, str]:
        """Those of the answers that a question of this matter offers; the others are dropped."""
        wrong = self._situations.wrong(matter, answers)
        return {key: value for key, value in answers.items() if key not in wrong}

    def known(self, matter: Matter, answers: Answers) -> dict[str, str]:
        """The answers that count in a situation, with those that are implied."""
        return self._situations.known(matter, answers)

    def answered(self, matter: Matter, answers: Answers) -> list[Row]:
        """The questions that were answered, each with the text of its answer."""
        return views.answered(matter, self._situations, answers)

    # -- versions and forms -----------------------------------------------------

    def later(self, matter: Matter) -> Matter | None:
        """The version in force, where it is newer than this one; else None."""
        current = self._snapshot.current.get(matter.code)
        return current if current and current.version > matter.version else None

    def taken_until(self, matter: Matter) -> date | None:
        """The first day on which an application begun under this version is not accepted any more, or None."""
        return version_rules.taken_until(matter, self._snapshot.versions[matter.code].values())

    def is_taken(self, matter: Matter) -> bool:
        """Whether an application begun under this version is accepted today."""
        return version_rules.is_taken(matter, self._snapshot.versions[matter.code].values(), self._today())

    def form(self, matter: Matter) -> Form:
        """The form of a matter in its version."""
        return self._forms.of(matter)

    def form_face(self, code: str, version: int | None = None) -> Row:
        """The form of a matter, in the shape of `GET /v1/matters/{code}/form`. Raises NotFound."""
        matter = self.matter(code, version)
        return views.form_face(matter, self.form(matter))

    def content_checks(self, entry: Mapping[str, Any], beside: Iterable[str] = ()) -> list[Check]:
        """The checks of the situations and the form that an entry carries; `beside` are codes imported with it."""
        return content.checks(entry, self._context(beside))

    def situation_checks(self, entry: Mapping[str, Any]) -> list[Check]:
        """The checks of the situations that an entry carries: with sound ones it has a guide."""
        return content.situation_checks(entry, self._context())

    def _context(self, beside: Iterable[str] = ()) -> content.ContentContext:
        codes = {*self.versions(), *beside}
        return content.ContentContext(self._situations, self._forms.common, codes, self._now())

    @staticmethod
    def inherited(code: str, version: int) -> Row:
        """The situations and the form that came with the program for a version, as data; None each where there are
        none."""
        parts = {"situation": _data("situations_of_matters.json"), "form": _data("forms.json")["matters"]}
        inherited = {
            part: in_version(((row["from_version"], row) for row in rows.get(code, ())), version)
            for part, rows in parts.items()
        }
        return {part: row and {k: v for k, v in row.items() if k != "from_version"} for part, row in inherited.items()}

    # -- lists ------------------------------------------------------------------

    def public_lists(self) -> list[Row]:
        """Every public list with its numbers, without its items."""
        return [self._list(public_list)[0] for public_list in lists.LISTS.values()]

    def public_list(self, name: str) -> Row:
        """A public list with its items. Raises NotFound."""
        if name not in lists.LISTS:
            raise NotFound
        head, items = self._list(lists.LISTS[name])
        return {**head, "items": [views.line(matter) for matter in items]}

    def _list(self, public_list: lists.PublicList) -> tuple[Row, list[Matter]]:
        current = self._snapshot.current.values()
        items = lists.items(public_list, current)
        head = {key: getattr(public_list, key) for key in ("name", "title", "title_en", "formula", "formula_en")}
        numbers = {"count": len(items), "of": len(current), "percent": lists.percent(len(items), len(current))}
        return {**head, **numbers, "date": self._today()}, items

    def contradictions(self) -> list[str]:
        """Where entries in force contradict themselves or the law, one line each."""
        return [
            f"{matter.code} {matter.name}: {words}"
            for matter in self._snapshot.current.values()
            for words in (*consistency.contradictions(matter.record), *self._unknown_materials(matter))
        ]

    def _unknown_materials(self, matter: Matter) -> list[str]:
        own, form = self._situations.own(matter), self._forms.own(matter)
        named = [*(unknown_materials(matter, own) if own else ()), *(form.fills if form else ())]
        names = {material.name for material in matter.materials}
        return [f"情形或表单说到的材料，这一版里没有：{name}" for name in named if name not in names]

    def packages(self) -> list[Row]:
        """The packages of matters that belong together (一件事): matters in order, and what other offices do."""
        return list(_data("one_things.json"))

    def package(self, package_id: str) -> Row:
        """A package. Raises NotFound."""
        for package in self.packages():
            if package["id"] == package_id:
                return package
        raise NotFound

    def construction_classes(self) -> Row:
        """The five classes of construction projects with their stages and target days."""
        return dict(_data("construction.json"))

    # -- following the store ------------------------------------------------

    def start(self) -> None:
        """Load the starter catalogue where the store lacks it, then take the first snapshot."""
        self.load_starter()
        self.follow(self._now())

    def load_starter(self) -> int:
        """Add the versions of the starter catalogue that the store lacks, and return their number."""
        return self._store.add(_data("matters.json"))

    def follow(self, now: datetime) -> bool:
        """Replace the snapshot where the catalogue or the day requires it; every process calls this.

        Returns whether it did.
        """
        with self._following:
            revision, day = self._store.revision(), now.astimezone(BEIJING).date()
            snapshot = self._snapshot
            changed = revision != snapshot.revision
            versions = versions_of(self._store.versions()) if changed else snapshot.versions
            current = current_of(versions, day)
            if not changed and current == snapshot.current:
                return False
            if changed:
                snapshot = snapshot.with_versions(versions, self.departments)
            entries = [
                SearchEntry(code, searched_texts(matter, self._phrases.get(code, ())))
                for code, matter in current.items()
            ]
            index = Index(entries, self._reader)
            self._snapshot = replace(snapshot, revision=revision, current=current, index=index)
            return True

    def _today(self) -> date:
        return self._now().astimezone(BEIJING).date()


@cache
def _data(name: str) -> Any:
    return json.loads(resources.files("api.matters").joinpath("data", name).read_bytes())


def _wrong(situations: Situations, matter: Matter, answers: Answers) -> list[str]:
    wrong = situations.wrong(matter, answers)
    return [f"这个事项没有这样的问题或选项：{listed(wrong)}。"] if wrong else []
