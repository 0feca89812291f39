"""The catalogue: matters by version, their guides, search, packages. Answers come from memory alone.

`follow` looks whether the store has moved on, or a day on which another version comes into force, and swaps an
immutable picture; every process calls it about once a second.
"""

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Any

from api.matters import form as forms
from api.matters.catalogue import content as own_rules
from api.matters.catalogue import lists
from api.matters.catalogue import matter as rules
from api.matters.catalogue import version as version_rules
from api.matters.catalogue.consistency import contradictions
from api.matters.catalogue.department import Departments
from api.matters.catalogue.matter import Due, Limit, Matter
from api.matters.catalogue.version import Check
from api.matters.guide.situation import (
    Answers,
    Personal,
    Question,
    Situations,
    Words,
    in_version,
    situations_of,
    strangers,
)
from api.matters.search.index import Entry, Index
from api.matters.search.reading import Reader
from api.matters.store import MatterStore
from api.refusals import BadFields, NotFound
from api.times import BEIJING

Row = dict[str, Any]


@dataclass(frozen=True)
class Forms:
    """Forms of single matters, each from a version of it on, and one for all others; `of_version` are those that single
    versions carry, which hold instead. `common` is what every form begins with, as data."""

    common: Mapping[str, Any]
    other: forms.Form
    of_matter: Mapping[str, tuple[tuple[int, forms.Form], ...]]
    of_version: Mapping[tuple[str, int], forms.Form] = field(default_factory=dict)

    def own(self, one: Matter) -> forms.Form | None:
        """A matter's own form in its version, or None."""
        carried = self.of_version.get((one.code, one.version))
        return carried or in_version(self.of_matter.get(one.code, ()), one.version)

    def of(self, one: Matter) -> forms.Form:
        """A matter's own form, or the one for all others."""
        return self.own(one) or self.other


def forms_of(data: Mapping[str, Any]) -> Forms:
    """The forms of the data file. Raises KeyError where they name what there is not."""
    common = data["common"]
    of_matter = {
        code: tuple((row["from_version"], forms.form_of(common, row)) for row in rows)
        for code, rows in data["matters"].items()
    }
    return Forms(common, forms.form_of(common, data["other"]), of_matter)


@dataclass(frozen=True)
class Picture:
    """The catalogue as of one revision and one day. Never changed, only replaced."""

    situations: Situations
    forms: Forms
    revision: int = -1
    versions: Mapping[str, Mapping[int, Matter]] = field(default_factory=dict)
    current: Mapping[str, Matter] = field(default_factory=dict)
    index: Index | None = None
    departments: Mapping[tuple[str, int], str] = field(default_factory=dict)


class Matters:
    """What people can come for. `due` reckons the last day of a limit (the calendar's)."""

    def __init__(self, store: MatterStore, *, due: Due, now: Callable[[], datetime]) -> None:
        self._store = store
        self._due = due
        self._now = now
        self._following = threading.Lock()
        lexicon = _data("lexicon.json")
        self._said: dict[str, list[str]] = lexicon["said"]
        self._reader = Reader(lexicon)
        self.departments = Departments(_data("departments.json")["departments"])
        situations = situations_of(_data("situations.json"), _data("situations_of_matters.json"))
        self._picture = Picture(situations, forms_of(_data("forms.json")))

    @property
    def _situations(self) -> Situations:
        return self._picture.situations

    @property
    def _forms(self) -> Forms:
        return self._picture.forms

    # -- questions, from memory ---------------------------------------------

    def matter(self, code: str, version: int | None = None) -> Matter:
        """A matter in a version, or in the one that is in force. Raises NotFound."""
        picture = self._picture
        found = picture.current.get(code) if version is None else picture.versions.get(code, {}).get(version)
        if found is None:
            raise NotFound
        return found

    def versions(self) -> Mapping[str, Mapping[int, Matter]]:
        """All published versions, by code and number."""
        return self._picture.versions

    def codes(self) -> list[str]:
        """The codes of all matters in force, in order."""
        return list(self._picture.current)

    def entry(self, code: str) -> Mapping[str, Any]:
        """A matter's catalogue entry as it stands. Raises NotFound."""
        return self.matter(code).record

    def department(self, code: str, version: int) -> str:
        """The code of the department that handles a matter; "" where its text names none of ours."""
        return self._picture.departments.get((code, version), "")

    def without_department(self) -> list[Row]:
        """The entries in force whose text names no department of ours: what is to be mended."""
        return [
            dict(one.record) for one in self._picture.current.values() if not self.department(one.code, one.version)
        ]

    def card(self, code: str) -> Row:
        """A matter on a card in a conversation. Raises NotFound."""
        one = self.matter(code)
        return {"code": one.code, "name": one.name, "version": one.version, "department": one.record["department"]}

    def material_card(self, ref: str) -> Row:
        """A material of a matter on a card, as `<matter>:<key>`. Raises NotFound."""
        code, _, key = ref.rpartition(":")
        one = self.matter(code)
        found = next((material for material in one.materials if material.key == key), None)
        if found is None:
            raise NotFound
        return {"code": one.code, "key": key, "name": found.name, "matter": one.name}

    def listed(self, question: Row, after: str | None, most: int) -> list[Row]:
        """Matters in force by code, those that `theme` and `online` let through; at most `most` after a code."""
        theme, online = question.get("theme"), question.get("online")
        return [
            _line(one)
            for code, one in self._picture.current.items()
            if (after is None or code > after)
            and (theme is None or theme in one.themes)
            and (online is None or online == one.online)
        ][:most]

    def search(self, question: str, limit: int) -> list[Row]:
        """What people may mean by their own words, best first: {code, name, score, why}. None where nothing fits."""
        picture = self._picture
        hits = picture.index.search(question, limit) if picture.index else []
        return [{**asdict(hit), "name": picture.current[hit.code].name} for hit in hits]

    def face(self, code: str, version: int | None = None) -> Row:
        """A matter in full, in the shape of `GET /v1/matters/{code}`. Raises NotFound."""
        return self._face(self.matter(code, version))

    def guide(self, code: str, version: int | None = None, answers: Answers | None = None) -> Row:
        """A matter in full with its guide as of today, made for the situation that the answers tell.

        Raises NotFound, and BadFields for an answer that no question of the matter offers.
        """
        return self._guide(self.matter(code, version), self._situations, answers or {})

    def preview(self, entry: Mapping[str, Any], answers: Answers) -> Row:
        """The guide that an entry would have if it were in force. Raises BadFields as `guide` does.

        What it carries of its own must be sound (`own_checks`).
        """
        one, own = rules.matter_of(entry), own_rules.situation_of(entry)
        return self._guide(one, self._situations.of(one, own) if own else self._situations, answers)

    def own_checks(self, entry: Mapping[str, Any], beside: Iterable[str] = ()) -> list[Check]:
        """What must hold of the situations and the form that an entry carries; `beside` are codes that come with it."""
        return own_rules.checks(entry, self._ground(beside))

    def _ground(self, beside: Iterable[str] = ()) -> own_rules.Ground:
        return own_rules.Ground(self._situations, self._forms.common, {*self.versions(), *beside}, self._now())

    def situation_checks(self, entry: Mapping[str, Any]) -> list[Check]:
        """What must hold of the situations that an entry carries, so that it has a guide."""
        return own_rules.situation_checks(entry, self._ground())

    @staticmethod
    def inherited(code: str, version: int) -> Row:
        """The situations and the form that came with the program for a version of a matter, as data; None each where
        there are none."""
        both = {"situation": _data("situations_of_matters.json"), "form": _data("forms.json")["matters"]}
        found = {
            part: in_version(((row["from_version"], row) for row in rows.get(code, ())), version)
            for part, rows in both.items()
        }
        return {part: row and {k: v for k, v in row.items() if k != "from_version"} for part, row in found.items()}

    def _guide(self, catalogued: Matter, situations: Situations, given: Answers) -> Row:
        if wrong := _strange(situations, catalogued, given):
            raise BadFields({"answers": wrong})
        mine = situations.personal(catalogued, given, self._today(), self._due)
        one, found, known = mine.matter, mine.guide, situations.known(catalogued, given)
        groups = ("to_bring", "held_by_state", "may_follow", "to_fill_in")
        return {
            **self._face(one),
            "current_version": self._current_version(one.code),
            "limits": {"legal_due": found.legal_due, "promised_due": found.promised_due, "start": found.start},
            **{name: [asdict(material) for material in getattr(found, name)] for name in groups},
            "ways": {
                "online": one.online,
                "window": True,
                "home": one.record["at_home"],
                "courier": any(one.record["courier"].values()),
            },
            "questions": [
                _question(question, known.get(question.key) if question.key in given else None)
                for question in situations.asked(catalogued, given)
            ],
            "known": known,
            "notes": [{**asdict(note), **asdict(note.words)} for note in mine.notes],
        }

    def wrong_answers(self, one: Matter, answers: Answers) -> list[str]:
        """Why answers about a situation are refused; nothing where they are not."""
        return _strange(self._situations, one, answers)

    def personal(self, one: Matter, answers: Answers) -> Personal:
        """A matter for one person's situation, as of today."""
        return self._situations.personal(one, answers, self._today(), self._due)

    def later(self, one: Matter) -> Matter | None:
        """The version in force, where it is a newer one."""
        current = self._picture.current.get(one.code)
        return current if current and current.version > one.version else None

    def taken_until(self, one: Matter) -> date | None:
        """The first day on which an application begun under this version is taken no more, where it is known."""
        return version_rules.taken_until(one, self._picture.versions[one.code].values())

    def is_taken(self, one: Matter) -> bool:
        """Whether an application begun under this version is taken today."""
        return version_rules.is_taken(one, self._picture.versions[one.code].values(), self._today())

    def question_words(self, one: Matter) -> dict[str, Words]:
        """Every question that a matter may ask, by key."""
        return {question.key: question.words for question in self._situations.all_questions(one)}

    def fitting(self, one: Matter, answers: Answers) -> dict[str, str]:
        """Of answers about a situation, those that a question of this matter offers."""
        wrong = self._situations.wrong(one, answers)
        return {key: value for key, value in answers.items() if key not in wrong}

    def known(self, one: Matter, answers: Answers) -> dict[str, str]:
        """The answers that count in a situation, with what need not be asked."""
        return self._situations.known(one, answers)

    def said(self, one: Matter, answers: Answers) -> list[Row]:
        """The questions that were answered, each with the words of its answer."""
        asked = [question for question in self._situations.asked(one, answers) if question.key in answers]
        chosen = [next(option for option in q.options if option.value == answers[q.key]) for q in asked]
        return [
            {**asdict(q.words), "answer": option.words.text, "answer_en": option.words.text_en}
            for q, option in zip(asked, chosen, strict=True)
        ]

    def form(self, one: Matter) -> forms.Form:
        """The form of a matter in its version."""
        return self._forms.of(one)

    def form_face(self, code: str, version: int | None = None) -> Row:
        """The form of a matter, in the shape of `GET /v1/matters/{code}/form`. Raises NotFound."""
        one = self.matter(code, version)
        found = self.form(one)
        return {
            "matter": {"code": one.code, "name": one.name, "version": one.version},
            "sections": [_section(section) for section in found.sections],
            "fills": forms.fills(found, one.materials),
            "sample": {"answers": found.sample, "situation": found.sample_situation},
            "source": found.source,
            "verified": found.verified,
        }

    def _current_version(self, code: str) -> int | None:
        current = self._picture.current.get(code)
        return current.version if current else None

    def public_lists(self) -> list[Row]:
        """Every public list with its numbers, without its items."""
        return [self._list(which)[0] for which in lists.LISTS.values()]

    def public_list(self, name: str) -> Row:
        """One public list with its items. Raises NotFound."""
        if name not in lists.LISTS:
            raise NotFound
        face, items = self._list(lists.LISTS[name])
        return {**face, "items": [_line(one) for one in items]}

    def _list(self, which: lists.PublicList) -> tuple[Row, list[Matter]]:
        current = self._picture.current.values()
        items = lists.items(which, current)
        face = {key: getattr(which, key) for key in ("name", "title", "title_en", "formula", "formula_en")}
        numbers = {"count": len(items), "of": len(current), "percent": lists.percent(len(items), len(current))}
        return {**face, **numbers, "date": self._today()}, items

    def contradictions(self) -> list[str]:
        """Where entries in force contradict themselves or the law, one line each."""
        current = self._picture.current.values()
        return [
            f"{one.code} {one.name}: {words}"
            for one in current
            for words in (*contradictions(one.record), *self._strangers(one))
        ]

    def _strangers(self, one: Matter) -> list[str]:
        own, form = self._situations.own(one), self._forms.own(one)
        named = [*(strangers(one, own) if own else ()), *(form.fills if form else ())]
        there = {material.name for material in one.materials}
        return [f"情形或表单说到的材料，这一版里没有：{name}" for name in named if name not in there]

    def packages(self) -> list[Row]:
        """What belongs together (一件事): matters in order, and what other offices do."""
        return list(_data("one_things.json"))

    def package(self, package_id: str) -> Row:
        """One package. Raises NotFound."""
        for one in self.packages():
            if one["id"] == package_id:
                return one
        raise NotFound

    def construction_classes(self) -> Row:
        """The five classes of construction projects with their stages and target days."""
        return dict(_data("construction.json"))

    # -- following the store ------------------------------------------------

    def start(self) -> None:
        """Load the starter catalogue where it is not there yet, then take the first picture."""
        self.load_starter()
        self.follow(self._now())

    def load_starter(self) -> int:
        """Add the starter versions that the store lacks, and say how many those were."""
        return self._store.add(_data("matters.json"))

    def follow(self, now: datetime) -> bool:
        """A step for every process: take a new picture where the catalogue or the day asks for one. True when taken."""
        with self._following:
            revision, day = self._store.revision(), now.astimezone(BEIJING).date()
            known = self._picture
            versions = known.versions if revision == known.revision else self._versions()
            current = _current(versions, day)
            if revision == known.revision and current == known.current:
                return False
            entries = [
                Entry(code, rules.searched_texts(one, self._said.get(code, ()))) for code, one in current.items()
            ]
            index = Index(entries, self._reader)
            taken = replace(known, revision=revision, versions=versions, current=current, index=index)
            self._picture = taken if versions is known.versions else self._carried(taken)
            return True

    def _carried(self, taken: Picture) -> Picture:
        """The picture with what its versions carry of their own, and the department that each names."""
        every = {(one.code, one.version): one.record for ones in taken.versions.values() for one in ones.values()}
        own = {key: found for key, record in every.items() if (found := own_rules.situation_of(record))}
        common = taken.forms.common
        filled = {key: form for key, record in every.items() if (form := own_rules.form_in(record, common))}
        return replace(
            taken,
            situations=replace(taken.situations, of_version=own),
            forms=replace(taken.forms, of_version=filled),
            departments=self._resolved(taken.versions),
        )

    def _versions(self) -> dict[str, dict[int, Matter]]:
        versions: dict[str, dict[int, Matter]] = defaultdict(dict)
        for record in self._store.versions():
            versions[record["code"]][record["version"]] = rules.matter_of(record)
        return dict(versions)

    def _resolved(self, versions: Mapping[str, Mapping[int, Matter]]) -> dict[tuple[str, int], str]:
        """By code and version: the department that the entry's words name. Once a load, not once a case."""
        every = [one for ones in versions.values() for one in ones.values()]
        named = {(one.code, one.version): self.departments.named_in(one.record["department"]) for one in every}
        return {key: code for key, code in named.items() if code}

    def _face(self, one: Matter) -> Row:
        """The catalogue's entry, read; the schema chooses what of it is shown."""
        return {
            **one.record,
            "valid_from": one.valid_from,
            "valid_until": one.valid_until,
            "online": one.online,
            "statutory": _limit(one.statutory),
            "promised": _limit(one.promised),
            "materials": [asdict(material) for material in one.materials],
            "unverified": self.unverified(one),
        }

    def unverified(self, one: Matter) -> list[str]:
        """What the district has still to confirm: fields of the entry, the matter's own situations, its form."""
        own, form = self._situations.own(one), self._forms.own(one)
        more = {"situations": own is None or own.verified, "form": form is None or form.verified}
        return [*one.record["unverified_fields"], *(name for name, verified in more.items() if not verified)]

    def _today(self) -> date:
        return self._now().astimezone(BEIJING).date()


@cache
def _data(name: str) -> Any:
    return json.loads(resources.files("api.matters").joinpath("data", name).read_bytes())


def _current(versions: Mapping[str, Mapping[int, Matter]], day: date) -> dict[str, Matter]:
    found = {code: rules.in_force(ones.values(), day) for code, ones in sorted(versions.items())}
    return {code: one for code, one in found.items() if one is not None}


def _strange(situations: Situations, one: Matter, answers: Answers) -> list[str]:
    wrong = situations.wrong(one, answers)
    return [f"这个事项没有这样的问题或选项：{'、'.join(wrong)}。"] if wrong else []


def _line(one: Matter) -> Row:
    return {**one.record, "online": one.online, "promised_days": one.promised.days if one.promised else None}


def _question(question: Question, answer: str | None) -> Row:
    options = [{"value": one.value, **asdict(one.words)} for one in question.options]
    return {"key": question.key, **asdict(question.words), "options": options, "answer": answer}


def _section(section: forms.Section) -> Row:
    return {"key": section.key, **asdict(section.words), "fields": [_field(field) for field in section.fields]}


def _field(field: forms.Field) -> Row:
    help_words = {"help": field.help and field.help.text, "help_en": field.help and field.help.text_en}
    same = {name: getattr(field, name) for name in ("key", "kind", "required", "longest", "least", "most")}
    return {
        **same,
        **asdict(field.words),
        **help_words,
        "when": {key: list(values) for key, values in field.when.items()},
        "options": [{"value": option.value, **asdict(option.words)} for option in field.options],
        "fields": [_field(one) for one in field.fields],
    }


def _limit(limit: Limit | None) -> Row | None:
    return asdict(limit) if limit else None
