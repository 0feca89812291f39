"""The use cases of those who keep the catalogue: drafts of versions, their check list, publication, import, export."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from api.matters.catalogue import version as rules
from api.matters.catalogue.consistency import contradictions
from api.matters.catalogue.matter import Matter
from api.matters.catalogue.version import Entry
from api.matters.guide.situation import Answers
from api.matters.service import Matters
from api.matters.store import MatterStore
from api.refusals import BadFields, NotFound, Refusal, VersionStale
from api.times import BEIJING

OPERATOR, STARTER = "operator", "starter"
"""Who publishes at the command line, and before anybody does: what the starter says is this project's own."""
NOT_OF_THE_ENTRY = frozenset({"_id", "v", "published"})
Row = dict[str, Any]


class DraftExists(Refusal):
    """A matter has one draft at a time, which everybody goes on with."""

    code = "matter_draft_exists"
    zh = "这个事项已经有一份草稿，请接着改它，或先删掉它。"
    en = "This matter has a draft already. Go on with it, or drop it first."


class DraftUnfit(Refusal):
    """The draft breaks a rule of the check list; `errors` names the fields and what must hold."""

    code = "matter_draft_unfit"
    zh = "草稿还有几处不符合规则，没有发布。"
    en = "The draft breaks rules of the check list and was not published."


class DraftOvertaken(Refusal):
    """The number of the draft was given to a version that came from elsewhere."""

    code = "matter_draft_overtaken"
    zh = "别处已经发布了同一个版本号，请删掉这份草稿，在新版本上重新起草。"
    en = "A version of this number was published elsewhere. Drop this draft and begin from that version."


class Publishing:
    """Versions of matters on their way into the catalogue, and out of it as a file."""

    def __init__(
        self,
        store: MatterStore,
        *,
        matters: Matters,
        transact: Callable[[Callable[[Any], Any]], Any],
        announce: Callable[..., None],
        record: Callable[..., object],
        now: Callable[[], datetime],
    ) -> None:
        self._matters, self._store = matters, store
        self._transact, self._announce, self._record, self._now = transact, announce, record, now

    # -- looking ----------------------------------------------------------------

    def catalogue(self, question: Row, after: str | None, most: int) -> list[Row]:
        """Every matter by code, drafts alone included, that has all that the question names; at most `most`."""
        drafts = {row["code"]: row for row in self._store.drafts()}
        published = self._matters.versions()
        found = (
            self._line(code, published.get(code, {}), drafts.get(code))
            for code in sorted({*published, *drafts})
            if after is None or code > after
        )
        return [line for line in found if _fits(line, question)][:most]

    def versions(self, code: str) -> list[Row]:
        """The versions of a matter, the newest first, a draft before all. Raises NotFound."""
        published = self._matters.versions().get(code, {})
        states = rules.standing(published.values(), self._today())
        draft = next((row for row in self._store.drafts() if row["code"] == code), None)
        if not published and draft is None:
            raise NotFound
        lines = [self._published_line(one, published, states) for one in published.values()]
        return [*([self._draft_line(draft)] if draft else []), *reversed(lines)]

    def version(self, code: str, number: int) -> Row:
        """A version in full: its entry, the check list, and what differs from the version before. Raises NotFound."""
        published = self._matters.versions().get(code, {})
        one, draft = published.get(number), None
        if one is None:
            draft = self._store.draft(_id(code, number))
            if draft is None:
                raise NotFound
            line, entry = self._draft_line(draft), draft["entry"]
        else:
            line = self._published_line(one, published, rules.standing(published.values(), self._today()))
            entry = _entry(one.record)
        before = self._before(code, number)
        listed = self._checks(entry, before) if draft else _told_of_published(entry)
        return {
            **line,
            "inherited": self._matters.inherited(code, number),
            "entry": entry,
            "check": [asdict(check) for check in listed],
            "differences": [asdict(one) for one in rules.differences(before, entry)] if before else [],
        }

    def preview(self, code: str, number: int, answers: Answers) -> Row:
        """The guide that a version would have if it were in force, a draft as well.

        Raises NotFound, BadFields for an answer that is not offered, DraftUnfit where its own situations are unsound.
        """
        row = self._store.draft(_id(code, number))
        entry = row["entry"] if row else _entry(self._matters.matter(code, number).record)
        _require(self._matters.situation_checks(entry))
        return self._matters.preview(entry, answers)

    def open_drafts(self) -> list[str]:
        """Drafts that nobody has published yet, one line each."""
        return [f"{row['code']} {row['entry']['name']}: version {row['version']}" for row in self._store.drafts()]

    # -- drafting ---------------------------------------------------------------

    def begin(self, by: str, code: str, told: Row, ref: str) -> Row:
        """A draft of a matter's next version, from its newest one with the told fields; of a new matter, from nothing.

        Raises DraftExists, and BadFields for a new matter without a name.
        """
        before = self._before(code)
        if before is None and not re.match(rules.CODE, code):
            raise BadFields({"code": ["编码由三到四十个字母、数字、汉字和短横组成。"]})
        if before is None and not told.get("name"):
            raise BadFields({"name": ["新事项要先有名称。"]})
        number = before["version"] + 1 if before else 1
        kept = rules.keyed((before or rules.BLANK)["materials"])
        entry = {**(before or rules.BLANK), "materials": kept, **told, **_validity(told)}
        entry |= {"code": code, "version": number, "materials": rules.keyed(entry["materials"], kept)}
        row = {"_id": _id(code, number), "v": 1, "code": code, "version": number, "edit": 1, "entry": entry, "ref": ref}
        row |= {"by": by, "at": self._now()}

        def write(session: Any) -> None:
            there = any(other["code"] == code for other in self._store.drafts(session))
            if there or not self._store.add_draft(session, row):
                raise DraftExists
            self._record(by, "matter.draft", f"matter:{row['_id']}", session=session)

        self._transact(write)
        return self.version(code, number)

    def made(self, ref: str) -> Row:
        """The draft that an earlier try of a request began, published since or not. Raises NotFound."""
        published = (one.record for ones in self._matters.versions().values() for one in ones.values())
        begun: list[Entry] = [row for row in self._store.drafts() if row["ref"] == ref]
        begun += [row for row in published if row.get("published", {}).get("ref") == ref]
        if not begun:
            raise NotFound
        return self.version(begun[0]["code"], begun[0]["version"])

    def change(self, by: str, code: str, number: int, edit: int, told: Row) -> Row:
        """Change fields of a draft, against its edit. Raises NotFound and VersionStale."""

        def write(session: Any) -> None:
            row = self._draft_at(session, code, number, edit)
            entry = {**row["entry"], **told}
            entry["materials"] = rules.keyed(entry["materials"], self._materials_before(code, number, session))
            changed = {"entry": entry, "edit": edit + 1, "by": by, "at": self._now()}
            self._store.change_draft(session, row["_id"], edit, changed)
            self._record(by, "matter.change", f"matter:{row['_id']}", session=session)

        self._transact(write)
        return self.version(code, number)

    def drop(self, by: str, code: str, number: int, edit: int) -> None:
        """Forget a draft, against its edit. Raises NotFound and VersionStale."""

        def write(session: Any) -> None:
            row = self._draft_at(session, code, number, edit)
            self._store.remove_draft(session, row["_id"])
            self._record(by, "matter.drop", f"matter:{row['_id']}", session=session)

        self._transact(write)

    # -- publishing ---------------------------------------------------------------

    def publish(self, by: str, code: str, number: int, edit: int) -> Row:
        """Publish a draft as it stood at `edit`; published so already, it stays so.

        Raises NotFound, VersionStale, DraftOvertaken, and DraftUnfit with all that does not hold.
        """
        self._transact(lambda session: self._publish(session, by, (code, number, edit)))
        self._matters.follow(self._now())
        return self.version(code, number)

    def _publish(self, session: Any, by: str, which: tuple[str, int, int]) -> None:
        code, number, edit = which
        there = self._store.version(_id(code, number), session)
        if there and there.get("published", {}).get("edit") == edit:
            return  # by an earlier try, or by somebody else who saw the same draft
        row = self._draft_at(session, code, number, edit)
        today = self._today()
        before = self._before(row["code"], session=session)
        if before and before["version"] >= row["version"]:
            raise DraftOvertaken
        _require(self._checks(row["entry"], before))
        entry = rules.begun_on(row["entry"], today)
        published = {"by": by, "at": self._now(), "edit": row["edit"], "ref": row["ref"]}
        self._store.add([{**entry, "published": published}], session)
        self._store.remove_draft(session, row["_id"])
        self._record(by, "matter.publish", f"matter:{row['_id']}", session=session)
        self._announce(session, "matter.published", row["code"], version=row["version"], valid_from=entry["valid_from"])

    # -- files ----------------------------------------------------------------------

    def export(self) -> list[Row]:
        """Every published version, by code and number, as `load` takes it back."""
        return [_entry(row) for row in self._store.versions()]

    def bring_in(self, by: str, entries: list[Row]) -> Row:
        """Publish what is not there yet of a whole catalogue, all or none. Raises BadFields with all that is wrong."""
        there = len(self._store.versions())
        if wrong := self.load(entries, by):
            raise BadFields({"items": wrong})
        added = len(self._store.versions()) - there
        return {"added": added, "passed_over": len(entries) - added}

    def load(self, entries: Iterable[Entry], by: str = OPERATOR) -> list[str]:
        """Publish the versions that are not there yet, all or none; those that are there the same are passed over.

        Answers all that is wrong, a line each; then nothing was changed.
        """
        given = list(entries)
        unsound = self._unsound(given)
        wrong: list[str] = []

        def write(session: Any) -> None:
            wrong.clear()
            there = {row["_id"]: _entry(row) for row in self._store.versions(session)}
            fresh = [entry for entry in given if there.get(_id(entry["code"], entry["version"])) != entry]
            wrong.extend(line for entry in fresh for line in _unfit(entry, there))
            wrong.extend(line for entry in fresh for line in unsound[_id(entry["code"], entry["version"])])
            if fresh and not wrong:
                published = {"by": by, "at": self._now(), "edit": 0}
                self._store.add([{**entry, "published": published} for entry in fresh], session)
                for entry in fresh:
                    self._record(by, "matter.load", f"matter:{_id(entry['code'], entry['version'])}", session=session)
                self._announce(session, "matters.loaded", "matters", count=len(fresh))

        self._transact(write)
        self._matters.follow(self._now())
        return wrong

    def _unsound(self, given: list[Entry]) -> dict[str, list[str]]:
        """By version: what does not hold of the situations and forms that entries carry."""
        codes = [entry["code"] for entry in given]
        found = {}
        for entry in given:
            key = _id(entry["code"], entry["version"])
            found[key] = [f"{key}: {one.words}" for one in self._matters.own_checks(entry, codes) if not one.holds]
        return found

    # -- helpers ----------------------------------------------------------------------

    def _checks(self, entry: Row, before: Row | None) -> list[rules.Check]:
        return [*rules.checks(entry, before, self._today()), *self._matters.own_checks(entry)]

    def _today(self) -> date:
        return self._now().astimezone(BEIJING).date()

    def _before(self, code: str, number: int | None = None, session: Any = None) -> Row | None:
        """The entry of the newest published version before `number`, or of all."""
        rows = [row for row in self._store.versions(session, code) if number is None or row["version"] < number]
        return _entry(rows[-1]) if rows else None

    def _materials_before(self, code: str, number: int, session: Any) -> list[Row]:
        before = self._before(code, number, session)
        return rules.keyed(before["materials"]) if before else []

    def _draft_at(self, session: Any, code: str, number: int, edit: int) -> Row:
        row = self._store.draft(_id(code, number), session)
        if row is None:
            if self._store.version(_id(code, number), session):
                raise VersionStale
            raise NotFound
        if row["edit"] != edit:
            raise VersionStale
        return row

    def _line(self, code: str, published: Mapping[int, Matter], draft: Row | None) -> Row:
        """A matter in the staff's list: the version that counts today, and what is to be done about it."""
        states = rules.standing(published.values(), self._today())
        current = next((published[number] for number, state in states.items() if state == "in_force"), None)
        newest = published[max(published)] if published else None
        entry = (current or newest).record if newest else (draft or {})["entry"]
        planned = [
            one.valid_from for number, one in published.items() if states[number] == "planned" and one.valid_from
        ]
        return {
            **{name: entry[name] for name in ("code", "name", "name_en", "kind", "theme", "department")},
            "keywords": entry["keywords"],
            "department_known": bool(self._matters.departments.named_in(entry["department"])),
            "version": current.version if current else None,
            "state": "in_force" if current else states.get(newest.version, "draft") if newest else "draft",
            "planned_from": min(planned, default=None),
            "draft": draft["version"] if draft else None,
            "unverified": entry["unverified_fields"],
            "wrong": len(contradictions(entry)),
            "authored": _author(entry),
        }

    def _published_line(self, one: Matter, published: Mapping[int, Matter], states: Mapping[int, rules.State]) -> Row:
        told = one.record.get("published", {})
        return {
            "id": _id(one.code, one.version),
            "code": one.code,
            "version": one.version,
            "name": one.name,
            "edit": told.get("edit", 0),
            "state": states[one.version],
            "valid_from": one.valid_from,
            "until": rules.until(one, published.values()),
            "by": told.get("by", STARTER),
            "at": told.get("at"),
            "authored": _author(one.record),
        }

    def _draft_line(self, row: Row) -> Row:
        entry = row["entry"]
        return {
            "id": row["_id"],
            "code": row["code"],
            "version": row["version"],
            "name": entry["name"],
            "edit": row["edit"],
            "state": "draft",
            "valid_from": _day(entry["valid_from"]),
            "until": _day(entry["valid_until"]),
            "by": row["by"],
            "at": row["at"],
            "authored": "office",
        }


def _id(code: str, number: int) -> str:
    return f"{code}/{number}"


def _entry(row: Entry) -> Row:
    """The catalogue's entry of a stored row."""
    return {name: value for name, value in row.items() if name not in NOT_OF_THE_ENTRY}


def _author(row: Entry) -> str:
    return "office" if row.get("published") else STARTER


def _validity(told: Row) -> Row:
    return {name: told.get(name) for name in ("valid_from", "valid_until")}


def _require(listed: list[rules.Check]) -> None:
    errors: dict[str, list[str]] = {}
    for check in listed:
        if not check.holds:
            errors.setdefault(check.fields[0] if check.fields else "version", []).append(check.words)
    if errors:
        raise DraftUnfit(errors)


def _told_of_published(entry: Entry) -> list[rules.Check]:
    """The check list of a version that is published: only what it says itself, not when."""
    return [
        check
        for check in rules.checks(entry, None, date.min)
        if not check.fields or check.fields[0] not in ("valid_from", "valid_until")
    ]


def _unfit(entry: Entry, there: Mapping[str, Entry]) -> list[str]:
    key = _id(entry["code"], entry["version"])
    if key in there:
        return [f"{key}: 这一版已经在了，内容不同；已发布的版本不会改 (it is there otherwise, and never changed)"]
    last = max((row["version"] for row in there.values() if row["code"] == entry["code"]), default=0)
    lines = [] if entry["version"] > last else [f"{key}: 已经有第 {last} 版，比它新 (older than version {last})"]
    return [*lines, *(f"{key}: {words}" for words in contradictions(entry))]


def _fits(line: Row, question: Row) -> bool:
    words = question.get("q", "").casefold().split()
    text = " ".join([line["code"], line["name"], line["name_en"], line["department"], *line["keywords"]]).casefold()
    state = question.get("state")
    return (
        all(word in text for word in words)
        and question.get("department") in (None, line["department"])
        and question.get("kind") in (None, line["kind"])
        and (state is None or STATES[state](line))
    )


STATES: dict[str, Callable[[Row], bool]] = {
    "in_force": lambda line: line["version"] is not None,
    "draft": lambda line: line["draft"] is not None,
    "planned": lambda line: line["planned_from"] is not None,
    "ended": lambda line: line["state"] == "ended",
    "unverified": lambda line: bool(line["unverified"]),
    "wrong": lambda line: line["wrong"] > 0,
}
"""What the staff's list is narrowed to."""


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
